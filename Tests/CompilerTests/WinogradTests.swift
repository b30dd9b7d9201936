import TenonCompiler
import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@testable import TenonCodegen

/// Convolutions by Winograd's algorithm against sums term by term.
@Suite struct WinogradTests {
  /// A convolution of 3 x 3 windows and what follows it.
  struct Case: CustomStringConvertible {
    var batch = 1
    var channels = 16
    var outputs = 16
    var size = [8, 8]
    var padding = [[1, 1], [1, 1]]
    var end = End.none

    enum End: String, CaseIterable { case none, bias, relu, residual, silu, twoReaders }

    var description: String {
      "\(batch)x\(channels)x\(size[0])x\(size[1]) to \(outputs), padding \(padding), \(end)"
    }

    func graph() throws -> Graph {
      let graph = Graph("g")
      var numbers = Numbers()
      func values(_ shape: [Int], _ scale: Float) throws -> Tensor {
        try Tensor((0..<shape.reduce(1, *)).map { _ in numbers.next() * scale }, shape: shape)
      }
      let input = [batch, channels, size[0], size[1]]
      let x = try graph.input("x", .f32, Shape(input.map { Dimension($0) }))
      let w = try graph.constant(values([outputs, channels, 3, 3], 0.2))
      var y = try convolution(x, w, padding: padding)
      let bias = try graph.constant(values([outputs], 1))
      let repeated = try graph.apply1(
        BroadcastInDim(shape: y.shape, dimensions: [1]), [bias], site: CallSite())
      switch end {
      case .none: break
      case .bias: y = try y + repeated
      case .relu: y = try relu(y + repeated)
      case .residual:
        let other = try graph.input("other", .f32, y.shape)
        y = try relu(y + repeated + other)
      case .silu: y = try silu(y + repeated)
      case .twoReaders:
        try graph.output("z", y + repeated)
        y = try relu(y + repeated)
      }
      try graph.output("y", y)
      return graph
    }

    func feeds(_ graph: Graph) throws -> [String: Tensor] {
      var numbers = Numbers(state: 77)
      var feeds: [String: Tensor] = [:]
      let entry = graph.entries[0]
      for (argument, binding) in zip(graph.arguments(entry.region), entry.arguments) {
        guard case .port(let name) = binding else { continue }
        let shape = graph.tensorType(argument).shape.map { $0.constant! }
        feeds[name] = try Tensor(
          (0..<shape.reduce(1, *)).map { _ in numbers.next() }, shape: shape)
      }
      return feeds
    }
  }

  /// Numbers from -1 to 1, the same in every run.
  struct Numbers {
    var state: UInt64 = 1
    mutating func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int(state >> 40) - (1 << 23)) / Float(1 << 23)
    }
  }

  static let targets: [Target] = Target.InstructionSet.allCases.filter { set in
    switch set {
    case .generic: true
    case .neon: false
    case .avx2: [.avx2, .avx512].contains(Target.host().instructionSet)
    case .avx512: Target.host().instructionSet == .avx512
    }
  }.map { set in
    // Copies cost nothing, so that small convolutions get the layout; a small second cache cuts
    // them into blocks.
    var target = Target(set)
    target.streamGBPS = 1e9
    target.level2Bytes = 200 << 10
    return target
  }

  static let cases = [
    Case(),
    Case(size: [7, 9], end: .bias),
    Case(channels: 32, outputs: 16, size: [13, 10], end: .relu),
    Case(batch: 2, channels: 16, outputs: 48, size: [8, 14], end: .residual),
    Case(outputs: 32, size: [14, 14], end: .silu),
    Case(batch: 2, outputs: 32, size: [11, 15], padding: [[0, 1], [2, 0]], end: .relu),
    Case(channels: 48, outputs: 32, size: [18, 10], padding: [[0, 0], [0, 0]]),
    Case(channels: 32, size: [9, 9], padding: [[2, 2], [2, 2]], end: .twoReaders),
    Case(batch: 3, channels: 64, outputs: 64, size: [14, 13], end: .residual),
    Case(size: [18, 18], padding: [[-1, 1], [1, -2]], end: .bias),
  ]

  private static func numbers(_ outputs: [String: Tensor]) throws -> [[Double]] {
    try ["y", "z"].compactMap { name in
      guard let tensor = outputs[name] else { return nil }
      guard case .floats(let numbers) = try tensor.elements() else { return nil }
      return numbers
    }
  }

  @Test(arguments: targets, cases)
  func staysWithinItsBound(target: Target, one: Case) throws {
    let graph = try one.graph()
    let feeds = try one.feeds(graph)
    let native = try compile(graph, CompileOptions(target: target, threads: 1))
    let kernels = native.report.kernels.filter { $0.schedule.hasPrefix("Winograd") }
    try #require(kernels.count == 1, "\(native.report.passes.text(times: false))")
    #expect(
      kernels[0].arithmetic == [
        "f32, by Winograd F(4x4, 3x3), with errors of about 1e-5 of the results' scale"
      ])
    let alone = try native.run(feeds)
    let shared = try compile(graph, CompileOptions(target: target, threads: 2)).run(feeds)
    let found = try Self.numbers(alone)
    #expect(found.count == (one.end == .twoReaders ? 2 : 1))
    #expect(alone["y"]!.isIdentical(to: shared["y"]!))
    let wanted = try Self.numbers(compile(graph, CompileOptions(backend: .reference)).run(feeds))
    for (found, wanted) in zip(found, wanted) {
      let scale = (wanted.reduce(0) { $0 + $1 * $1 } / Double(wanted.count)).squareRoot()
      let error = zip(found, wanted).map { ($0 - $1).magnitude }.max()!
      #expect(error <= 1e-5 * scale, "error \(error) of scale \(scale)")
    }
  }

  @Test func whatFollowsIsInTheSameKernel() throws {
    for end in Case.End.allCases {
      let report = try compile(
        Case(size: [14, 14], end: end).graph(), CompileOptions(target: Self.targets[0])
      ).report
      let steps = report.kernels.filter { !$0.isPreparation }.map(\.label)
      #expect(steps.count { $0.contains("convolution") } == 1)
      #expect(steps.allSatisfy { $0.contains("convolution") || $0 == "relayout" }, "\(steps)")
    }
  }
}
