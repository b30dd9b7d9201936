import TenonCodegen
import TenonCompiler
import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import TenonTestKit
import Testing

/// Networks of images whose channels are in blocks, against the reference.
@Suite struct BlockedLayoutTests {
  /// Targets for which copies cost nothing, so that blocks pay whatever the size.
  private static let targets: [Target] = {
    let host = Target.host()
    let all: [Target.InstructionSet] = [.avx512, .avx2, .generic]
    // What the host has, and what every such machine has too.
    return all.drop { $0 != host.instructionSet && $0 != .generic }.map { set in
      var target = set == host.instructionSet ? host : Target(set)
      target.streamGBPS = 1e9
      return target
    }
  }()

  private static func numbers(_ shape: [Int], _ phase: Int) throws -> Tensor {
    try Tensor(
      (0..<RowMajor.count(shape)).map { Float(($0 * 37 + phase * 11) % 101) / 50 - 1 },
      shape: shape)
  }

  /// Depthwise and pointwise convolutions, pooling, a concatenation, an addition and a mean.
  private static func network(width: Int) throws -> Graph {
    let graph = Graph("images")
    let x = try graph.input("x", .f32, [2, 32, Dimension(width), 9])
    func weights(_ shape: [Int], _ phase: Int) throws -> Value {
      try graph.constant(numbers(shape, phase))
    }
    var a = try relu(conv2d(x, weights([32, 1, 3, 3], 1), padding: 1, groups: 32))
    a = try conv2d(a, weights([48, 32, 1, 1], 2), bias: weights([48], 3))
    let b = try conv2d(
      a, weights([48, 1, 5, 5], 4), stride: 2, padding: 2, dilation: 1, groups: 48)
    let c = try maxPool(a, window: [3, 3], strides: [2, 2], padding: [[1, 1], [1, 1]])
    let joined = try concatenate([b, c, b + c], axis: 1)
    let pooled = try averagePool(
      joined, window: [3, 2], strides: [1, 1], padding: [[1, 1], [0, 0]], countsPadding: false)
    try graph.output("image", pooled)
    try graph.output("mean", mean(exp(joined * 0.01), axes: [2, 3]))
    return graph
  }

  @Test(arguments: [8, 33]) func blocksMeanTheSame(width: Int) throws {
    let feeds = ["x": try Self.numbers([2, 32, width, 9], 5)]
    let expected = try compile(
      Self.network(width: width), CompileOptions(backend: .reference)
    ).run("main", feeds)
    for target in Self.targets {
      let runs = try [1, 2].map { threads in
        let program = try compile(
          Self.network(width: width), CompileOptions(target: target, threads: threads))
        let block = target.lanes(byteWidth: 4)
        let text = program.report.graph.text()
        #expect(text.contains("{0,1/\(block),2,3,\(block):1}"), "\(target.name)")
        return try program.run("main", feeds)
      }
      let portable = try compile(
        Self.network(width: width), CompileOptions(backend: .portable, target: target)
      ).run("main", feeds)
      for (name, tensor) in expected {
        #expect(runs[0][name]!.isIdentical(to: runs[1][name]!), "\(name), \(target.name)")
        for result in [runs[0][name]!, portable[name]!] {
          let (x, y) = (try result.doubles(), try tensor.doubles())
          let worst = zip(x, y).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
          #expect(result.shape == tensor.shape && worst < 1e-4, "\(name), \(target.name)")
        }
      }
    }
  }

  /// Means of images that are written in the same kernel, and of one that lies there already, in
  /// tiles of whole blocks.
  @Test func meansGoByBlocks() throws {
    func network() throws -> Graph {
      let graph = Graph("means")
      let x = try graph.input("x", .f32, [1, 96, 20, 9])
      let weights = try graph.constant(Self.numbers([96, 1, 3, 3], 1))
      var a = try conv2d(x, weights, padding: 1, groups: 96)
      for _ in 0..<3 {
        a = try silu(conv2d(a, weights, padding: 1, groups: 96))
        a = try a * broadcast(sigmoid(mean(a, axes: [2, 3], keepingAxes: true)), to: a)
      }
      try graph.output("image", a)
      try graph.output("mean", mean(a, axes: [2, 3]))
      return graph
    }
    let feeds = ["x": try Self.numbers([1, 96, 20, 9], 5)]
    let expected = try compile(network(), CompileOptions(backend: .reference)).run("main", feeds)
    for target in Self.targets {
      let program = try compile(network(), CompileOptions(target: target, threads: 2))
      let means = program.report.kernels.filter { $0.label.contains("reduce") }
      #expect(means.count == 4, "\(target.name)")
      let lanes = target.lanes(byteWidth: 4)
      for kernel in means {
        let tiles = [1, 3].map { "tiles \(96 / lanes / $0) of \($0)" }
        #expect(tiles.contains { kernel.schedule.contains($0) }, "\(kernel.schedule)")
        #expect(!kernel.schedule.contains("along the reduction"), "\(kernel.schedule)")
      }
      let portable = try compile(network(), CompileOptions(backend: .portable, target: target))
      let one = try compile(network(), CompileOptions(target: target, threads: 1))
        .run("main", feeds)
      let found = try program.run("main", feeds)
      for (name, tensor) in expected {
        #expect(found[name]!.isIdentical(to: one[name]!), "\(name), \(target.name)")
        for result in [found[name]!, try portable.run("main", feeds)[name]!] {
          let (x, y) = (try result.doubles(), try tensor.doubles())
          let worst = zip(x, y).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
          #expect(result.shape == tensor.shape && worst < 1e-4, "\(name), \(target.name)")
        }
      }
    }
  }

  /// Quantized convolutions with and without zero points, depthwise ones, the largest of windows,
  /// and an addition.
  private static func quantized() throws -> Graph {
    let graph = Graph("bytes")
    func number(_ value: Float) throws -> Value { try graph.scalar(Double(value), .f32) }
    func narrow(_ x: Value, _ scale: Float, _ zero: Int) throws -> Value {
      let (scale, zero) = (try number(scale), try graph.scalar(Double(zero), .u8))
      return try dequantize(
        quantize(x, to: .u8, scale: scale, zeroPoint: zero), scale: scale, zeroPoint: zero)
    }
    func weights(_ shape: [Int], _ phase: Int) throws -> Value {
      let codes = (0..<RowMajor.count(shape)).map { Int8(($0 * 37 + phase * 11) % 251 - 125) }
      return try dequantize(
        graph.constant(Tensor(codes, shape: shape)),
        scale: graph.constant(Tensor((0..<shape[0]).map { Float($0 % 7 + 1) * 0.0005 })), axis: 0)
    }
    let x = try narrow(graph.input("x", .f32, [2, 3, 17, 15]), 0.01, 100)
    var a = try narrow(relu(conv2d(x, weights([32, 3, 3, 3], 1), stride: 2)), 0.02, 0)
    a = try narrow(
      maxPool(a, window: [3, 3], strides: [1, 1], padding: [[1, 1], [1, 1]]), 0.02, 0)
    let b = try narrow(conv2d(a, weights([32, 32, 3, 3], 2), padding: 1), 0.05, 77)
    let c = try narrow(conv2d(b, weights([32, 1, 3, 3], 3), padding: 1, groups: 32), 0.05, 128)
    let d = try narrow(conv2d(c, weights([48, 32, 1, 1], 4)), 0.06, 99)
    let e = try narrow(conv2d(a, weights([48, 32, 1, 1], 5)), 0.04, 101)
    try graph.output(
      "y", quantize(d + e, to: .u8, scale: number(0.1), zeroPoint: graph.scalar(90, .u8)))
    return graph
  }

  @Test func bytesInBlocksAreExact() throws {
    let feeds = ["x": try Self.numbers([2, 3, 17, 15], 5)]
    let expected = try compile(Self.quantized(), CompileOptions(backend: .reference))
      .run("main", feeds)["y"]!
    #expect(Set(try expected.doubles()).count > 20)
    for target in Self.targets {
      for threads in [1, 2] {
        let program = try compile(
          Self.quantized(), CompileOptions(target: target, threads: threads))
        let block = target.lanes(byteWidth: 4)
        let text = program.report.graph.text()
        for element in ["u8[2x48x8x7]", "u8[2x32x8x7]"] {
          #expect(
            text.contains("\(element){0,1/\(block),2,3,\(block):1}"), "\(element), \(target.name)")
        }
        #expect(try program.run("main", feeds)["y"]!.isIdentical(to: expected), "\(target.name)")
      }
    }
  }

  @Test func everyEditAndPlanPassIsChecked() throws {
    let program = try compile(
      Self.network(width: 8),
      CompileOptions(target: Self.targets[0], passes: PassOptions(verify: true)))
    let last = program.report.passes.passes.first { $0.name == "assign-layouts" }
    #expect(last?.isUnchanged == false)
  }
}
