import TenonTensor
import TenonTestKit
import Testing

@testable import TenonGraph

@Suite struct GraphParserTests {
  func parse(_ text: String) throws -> Graph { try Graph(parsing: text, catalog: .tests) }

  @Test func readsWhatIsPrinted() throws {
    let graph = try GraphPrinterTests.sample()
    for options in [Graph.TextOptions(), Graph.TextOptions(origins: true)] {
      let text = graph.text(options)
      let read = try parse(text)
      #expect(read.text(options) == text)
      try read.verify()
    }
    let read = try parse(graph.text(.init(origins: true)))
    #expect(read.entries.map(\.name) == ["initialize", "predict"])
    #expect(
      read.entries[1].arguments == [.port("images"), .port("choose"), .variable(VariableID(0))])
    #expect(
      read.variables
        == graph.variables.map {
          VariableRecord(
            name: $0.name, type: $0.type, origin: read.origins.leaf(text: "T/a.swift:3"))
        })
    let sum = read.nodes(read.entries[1].region)[0]
    #expect(read.name(read.result(sum)) == "sum")
    #expect(read.path(read.scope(sum)) == "head")
    #expect(read.origins.lines(read.origin(sum)) == ["T/a.swift:8"])
    #expect(read.name(read.arguments(read.entries[1].region)[0]) == "images")
  }

  @Test func everyOpOfTheTestsSurvives() throws {
    let graph = Graph("g")
    var everything = Everything()
    everything.maybe = 4
    everything.rate = -0.0
    everything.size = Dimension(.bound("batch")) * 2 + 1
    everything.shape = [Dimension(.running("length", maximum: 7)), 3]
    try graph.add(everything)
    everything.rate = .nan
    everything.mode = .fast
    everything.values = Literal(try Tensor(strings: ["\u{e9}\u{1F600}", ""], shape: [2, 1]))
    try graph.add(everything)
    everything.rate = -.infinity
    everything.values = Literal(try Tensor([Float](), shape: [0]))
    let value = try graph.add(everything)[0]
    try graph.add(Copies(), value)
    try graph.add(Collected(), value)
    try graph.add(Region(), value, value)
    try graph.add(Aged(count: 4))
    try graph.scope("a/b") {
      try graph.scope("") { try graph.scope("c") { _ = try graph.add(Aged(count: 4)) } }
    }
    let sizes = try graph.add(Numbers(values: [Dimension(.bound("batch")), 2]))[0]
    try graph.add(Filled(), graph.add(Plus(), sizes, sizes)[0])
    let text = graph.text()
    let read = try parse(text)
    #expect(read.text() == text)
    try read.verify()
    #expect(text.contains(" = aged@3() {count = 4}: f32[4] in \"a/b//c\"\n"))
    #expect(text.contains("symbol length max 7\n"))
    let ops = read.nodes(read.entries[0].region).map { read.op($0) }
    #expect((ops[0] as? Everything)?.maybe == 4)
    #expect((ops[0] as? Everything)?.rate.sign == .minus)
    #expect((ops[1] as? Everything)?.rate.isNaN == true)
    #expect((ops[2] as? Everything)?.maybe == 4)
  }

  @Test func literalsSurviveToTheBit() throws {
    var random = SplitMix(seed: 7)
    for type in ElementType.allCases where type != .string {
      for shape in [[], [5], [2, 0], [3, 2]] {
        let tensor = try Tensor(type, shape: shape) { bytes in
          for index in bytes.indices { bytes[index] = UInt8(random.below(256)) }
          if type == .bool { for index in bytes.indices { bytes[index] &= 1 } }
          if type.bitWidth < 8 {
            for index in bytes.indices { bytes[index] &= UInt8((1 << type.bitWidth) - 1) }
          }
        }
        var op = Everything()
        op.values = Literal(tensor)
        let graph = Graph("g")
        try graph.add(op)
        let text = graph.text()
        let read = try parse(text)
        let back = try #require(read.op(NodeID(0)) as? Everything)
        #expect(back.values.tensor.isIdentical(to: tensor), "\(text)")
        #expect(read.text() == text)
      }
    }
  }

  @Test func largeLiteralsComeFromTheTable() throws {
    let graph = Graph("g")
    var op = Everything()
    let tensor = Tensor((0..<100).map { Float($0) })
    op.values = Literal(tensor)
    try graph.add(op)
    let table = LiteralTable()
    let text = graph.text(literals: table)
    let read = try Graph(parsing: text, catalog: .tests) { name, _, _ in
      #expect(name == "literal.0")
      return table.tensors[0].tensor
    }
    #expect(read.text(literals: LiteralTable()) == text)
    #expect(
      throws: TenonError(
        "no-tensor",
        "graph text: the tensor `literal.0` is kept outside the text and was not given",
        context: ["in graph text 3:159"])
    ) { try Graph(parsing: text, catalog: .tests) }
    #expect(
      throws: TenonError(
        "graph-text", "graph text 3:159: tensor `literal.0` is f32[2], not f32[100]")
    ) { try Graph(parsing: text, catalog: .tests) { _, _, _ in Tensor([Float(1), 2]) } }
    #expect(
      throws: TenonError(
        "graph-text",
        "graph text 3:169: the literal was cut short when the text was printed")
    ) { try parse(graph.text()) }
  }

  @Test func handWrittenTextsMayDifferInForm() throws {
    let read = try parse(
      """
      # A comment.
      graph "g" { symbol n
        entry "main" ("x" %in: f32[n,4], "y" %_7: f32[ 2*n - n , 2 + 2 ]) {
          %a=plus ( %in , %_7 ) : f32 [n,4]   # another

          %b, %c = copies(%a): f32[n, 4], f32[n, 4] at ["one", "two", "one"]
        } -> ("z" %c) }
      """)
    #expect(
      read.text() == """
        graph "g" {
          symbol n
          entry "main" ("x" %0: f32[n, 4], "y" %1: f32[n, 4]) {
            %2 = plus(%0, %1): f32[n, 4]
            %3, %4 = copies(%2): f32[n, 4], f32[n, 4]
          } -> ("z" %4)
        }

        """)
    let nodes = read.nodes(read.entries[0].region)
    #expect(read.origins.lines(read.origin(nodes[0])) == ["graph text:4"])
    #expect(read.origins.lines(read.origin(nodes[1])) == ["one", "two"])
    try read.verify()
  }

  @Test func olderVersionsAreBroughtUpToDate() throws {
    let read = try parse(
      entryMain(
        "%0 = aged() {size = 5}: f32[4]\n %1 = aged@2() {count = 5}: f32[4]\n "
          + "%2 = aged@3() {count = 4}: f32[4]"))
    let ops = read.nodes(read.entries[0].region).map { read.opID($0) }
    #expect(ops.count == 3)
    #expect(Set(ops).count == 1)
    #expect(read.text().count(of: "aged@3() {count = 4}: f32[4]") == 3)
  }

  @Test func layoutsAreReadAndNotInferred() throws {
    let text = entryMain(
      "%1 = plus(%0, %0): f32[1x64x5x5]{0,1/16,2,3,16:1}",
      arguments: "\"x\" %0: f32[1x64x5x5]")
    let read = try parse(text)
    #expect(read.text().contains("(\"x\" %0: f32[1x64x5x5]) {\n"))
    #expect(read.text().contains("%1 = plus(%0, %0): f32[1x64x5x5]{0,1/16,2,3,16:1}\n"))
  }

  @Test func mutatedTextsNeitherCrashNorHang() throws {
    var random = SplitMix(seed: 5)
    let everything = Graph("g")
    try everything.add(Everything())
    try everything.add(Filled(), everything.add(Numbers(values: [2, 3]))[0])
    let bases = [
      Array(try GraphPrinterTests.sample().text(.init(origins: true)).utf8),
      Array(everything.text().utf8),
    ]
    let alphabet = Array("%@\"{}()[]:,=-> 0129x*.\\#\nfalse entry region at in".utf8)
    var loaded = 0
    for round in 0..<3_000 {
      var bytes = bases[round % 2]
      for _ in 0..<(1 + random.below(4)) {
        switch random.below(4) {
        case 0: bytes[random.below(bytes.count)] = alphabet[random.below(alphabet.count)]
        case 1: bytes.remove(at: random.below(bytes.count))
        case 2:
          let start = random.below(bytes.count)
          bytes.removeSubrange(start..<min(bytes.count, start + random.below(30)))
        default:
          bytes.insert(
            alphabet[random.below(alphabet.count)], at: random.below(bytes.count + 1))
        }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      if let read = try? parse(text) {
        loaded += 1
        try read.verify()
        #expect(try parse(read.text()).text() == read.text())
      }
    }
    #expect(loaded > 100)
  }
}
