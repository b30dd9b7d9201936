import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct AssignLayoutsTests {
  /// Depthwise convolutions one after the other, with an addition between.
  private static func chain(_ count: Int, channels: Int = 32) throws -> Graph {
    let graph = Graph("g")
    try graph.entry("main") {
      var x = try graph.input("x", .f32, [1, Dimension(channels), 14, 14])
      let w = try graph.input("w", .f32, [Dimension(channels), 1, 3, 3])
      for _ in 0..<count {
        x = try conv2d(x, w, padding: 1, groups: channels)
        x = try x + x
      }
      try graph.output("y", x)
    }
    return graph
  }

  private static func assigned(
    _ graph: Graph, _ target: Target = Target(.avx512)
  ) throws -> (text: String, log: PassLog) {
    let context = PassContext(graph, target: target, catalog: .standard)
    try context.run(AssignLayouts.self)
    try graph.verify()
    return (graph.text(), context.log)
  }

  @Test func windowsThatFollowEachOtherShareBlocks() throws {
    let (text, log) = try Self.assigned(Self.chain(9))
    let lines = text.split(separator: "\n").map(String.init)
    let blocked = "f32[1x32x14x14]{0,1/16,2,3,16:1}"
    #expect(lines[2] == "    %2 = relayout(%0): \(blocked)")
    #expect(lines[3].hasPrefix("    %3 = convolution(%2, %1) {axes = \"nc01_oi01->nc01\""))
    #expect(lines[3].hasSuffix(": \(blocked)"))
    #expect(lines[4] == "    %4 = add(%3, %3): \(blocked)")
    #expect(lines[lines.count - 3] == "    %21 = relayout(%20): f32[1x32x14x14]")
    #expect(lines[lines.count - 2] == "  } -> (\"y\" %21)")
    #expect(text.count(of: "relayout") == 2)
    #expect(
      log.text(times: false) == """
        assign-layouts  18 -> 20 nodes
          1 x block-channels: 18 values in blocks of 16 channels save about 18.5 us, 2 conversions \
        take 5.0 us

        """)
  }

  /// Where tiles multiply rows of 64 bytes, blocks have as many channels.
  @Test func channelsOfBytesFillTiles() throws {
    var target = Target(.avx512)
    target.hasTileProducts = true
    let text = try Self.assigned(Self.bytes(), target).text
    #expect(text.contains("relayout(%0): u8[1x64x28x28]{0,1/64,2,3,64:1}"))
    #expect(text.count(of: "i32[1x64x28x28]{0,1/64,2,3,64:1}") == 5)
    let floats = try Self.assigned(Self.chain(9, channels: 64), target).text
    #expect(floats.contains("{0,1/16,2,3,16:1}"))
  }

  /// Convolutions of bytes one after the other.
  private static func bytes() throws -> Graph {
    let graph = Graph("g")
    try graph.entry("main") {
      var x = try graph.input("x", .u8, [1, 64, 28, 28])
      let w = try graph.input("w", .i8, [64, 64, 1, 1])
      for _ in 0..<5 {
        let sum = try graph.apply1(
          Convolution(
            axes: "nc01_oi01->nc01", strides: [1, 1], padding: [[0, 0], [0, 0]], result: .i32),
          [x, w],
          site: CallSite())
        x = try convert(sum, to: .u8)
      }
      try graph.output("y", x)
    }
    return graph
  }

  @Test func channelsOfBytesShareBlocks() throws {
    let (text, log) = try Self.assigned(Self.bytes())
    #expect(text.count(of: "relayout") == 2)
    #expect(text.contains("relayout(%0): u8[1x64x28x28]{0,1/16,2,3,16:1}"))
    #expect(text.count(of: "i32[1x64x28x28]{0,1/16,2,3,16:1}") == 5)
    #expect(
      log.text(times: false) == """
        assign-layouts  10 -> 12 nodes
          1 x block-channels: 10 values in blocks of 16 channels save about 16.1 us, 2 conversions \
        take 10.0 us

        """)
  }

  @Test func oneWindowAloneIsLeft() throws {
    let graph = try Self.chain(1)
    let before = graph.text()
    let (text, log) = try Self.assigned(graph)
    #expect(text == before)
    #expect(
      log.text(times: false) == """
        assign-layouts  2 nodes (unchanged)
          left 1 x block-channels: 2 values in blocks of 16 channels would save about 2.1 us, and 2 \
        conversions take 5.0 us

        """)
  }

  @Test func channelsThatAreNoWholeBlocksAreLeft() throws {
    let graph = try Self.chain(9, channels: 24)
    let before = graph.text()
    #expect(try Self.assigned(graph).text == before)
  }

  @Test func rowsOfMatrixProductsAreNoChannels() throws {
    let graph = Graph("g")
    var x = try graph.input("x", .f32, [1, 128, 64])
    let w = try graph.input("w", .f32, [64, 64])
    for _ in 0..<9 { x = try relu(matmul(x, w)) }
    try graph.output("y", x)
    let before = graph.text()
    #expect(try Self.assigned(graph).text == before)
  }

  @Test func sumsOverWindowsWithEdgesAreLeft() throws {
    let graph = Graph("g")
    let x = try graph.input("x", .f32, [1, 32, 14, 14])
    let w = try graph.input("w", .f32, [32, 32, 3, 3])
    try graph.output("y", conv2d(x, w, padding: 1))
    let (_, log) = try Self.assigned(graph)
    #expect(
      log.text(times: false) == """
        assign-layouts  1 nodes (unchanged)
          left 1 x block-channels: in blocks a sum over channels looks what is at the edges up \
        one by one

        """)
  }

  @Test func whatFollowsAPlainSumIsComputedWithIt() throws {
    let graph = Graph("g")
    try graph.entry("main") {
      var x = try graph.input("x", .f32, [1, 64, 56, 56])
      let wide = try graph.input("wide", .f32, [64, 64, 3, 3])
      let point = try graph.input("point", .f32, [64, 64, 1, 1])
      x = try conv2d(x, wide, padding: 1)
      for _ in 0..<40 { x = try conv2d(x + x, point) }
      try graph.output("y", x)
    }
    let lines = try Self.assigned(graph).text.split(separator: "\n").map(String.init)
    let sum = try #require(lines.firstIndex { $0.contains("convolution(%0") })
    #expect(lines[sum + 1].hasSuffix(" = add(%3, %3): f32[1x64x56x56]"))
    #expect(lines[sum + 2].hasSuffix("relayout(%4): f32[1x64x56x56]{0,1/16,2,3,16:1}"))
  }

  @Test func aLayoutIsReadAndChecked() throws {
    func graph(_ layout: String) throws -> Graph {
      try Graph(
        parsing: """
          graph "g" {
            entry "main" ("x" %0: f32[1x32x2x2]) {
              %1 = relayout(%0): f32[1x32x2x2]\(layout)
              %2 = add(%1, %1): f32[1x32x2x2]\(layout)
              %3 = relayout(%2): f32[1x32x2x2]
            } -> ("y" %3)
          }
          """, catalog: .standard)
    }
    try graph("{0,1/16,2,3,16:1}").verify()
    #expect(throws: TenonError.self) { try graph("{0,1/24,2,3,24:1}").verify() }
  }
}

extension String {
  fileprivate func count(of part: String) -> Int {
    var (count, rest) = (0, self[...])
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
