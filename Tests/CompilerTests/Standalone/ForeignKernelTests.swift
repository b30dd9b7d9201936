import TenonCodegen
import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import TenonTestKit
import Testing

@testable import TenonCompiler

/// Plans for aarch64 made on this machine: each kernel's C file, compiled by the command in its
/// first line and run in an emulator, leaves what the same C leaves here.
@Suite(.enabled(if: Emulator.aarch64 != nil, "\(Emulator.missing)"))
struct ForeignKernelTests {
  /// A target for which copies cost nothing, so that blocks pay whatever the size.
  private static let target: Target = {
    var target = Target(.neon)
    target.streamGBPS = 1e9
    return target
  }()

  private static func outcomes(_ graph: Graph, sizes: [String: Int] = [:]) throws -> [(
    kernel: StandaloneKernel, outcome: ChildProcess.Outcome
  )] {
    let names = graph.entries.filter { entry in
      entry.results.allSatisfy { if case .port = $0 { true } else { false } }
    }.map(\.name)
    return try names.flatMap { name in
      let compiled = try compilePlan(
        graph, entry: name, CompileOptions(sizes: sizes, target: target))
      #expect(compiled.file.plan.target == "neon")
      let kernels = try compiled.standaloneKernels()
      return Array(zip(kernels, try StandaloneKernelTests.outcomes(kernels)))
    }
  }

  private static func check(
    _ outcomes: [(kernel: StandaloneKernel, outcome: ChildProcess.Outcome)], of name: String
  ) {
    print("\(outcomes.count) kernels of \(name) on aarch64")
    #expect(!outcomes.isEmpty)
    for (kernel, outcome) in outcomes {
      #expect(outcome == StandaloneKernelTests.equal, "\(kernel.fileName)")
      #expect(kernel.source.hasPrefix("// clang -std=gnu11 -O2 "))
      let command = "\(kernel.fileName) && qemu-aarch64 -L /usr/aarch64-linux-gnu ./a.out\n"
      #expect(kernel.source.contains(" --target=aarch64-linux-gnu \(command)"))
      #expect(
        kernel.source.contains(
          "// The outputs are those of the same C in code for avx2: equal but for NaN.\n"))
    }
  }

  @Test(arguments: TestNetwork.all) func networks(_ network: TestNetwork) throws {
    Self.check(try Self.outcomes(network.record(), sizes: network.sizes), of: network.name)
  }

  private static func numbers(_ shape: [Int], _ phase: Int) throws -> Tensor {
    try Tensor(
      (0..<RowMajor.count(shape)).map { Float(($0 * 37 + phase * 11) % 101) / 50 - 1 },
      shape: shape)
  }

  /// A strided stem, depthwise, pointwise and 3 x 3 convolutions, pooling and a mean.
  @Test func images() throws {
    let graph = Graph("images")
    let x = try graph.input("x", .f32, [1, 3, 33, 33])
    func weights(_ shape: [Int], _ phase: Int) throws -> Value {
      try graph.constant(Self.numbers(shape, phase))
    }
    var a = try conv2d(
      x, weights([32, 3, 3, 3], 1), bias: weights([32], 2), stride: 2, padding: 1)
    a = try relu(conv2d(relu(a), weights([32, 1, 3, 3], 3), padding: 1, groups: 32))
    a = try silu(conv2d(a, weights([64, 32, 1, 1], 4), bias: weights([64], 5)))
    a = try relu(conv2d(a, weights([64, 64, 3, 3], 6), padding: 1) * 0.05 + a)
    a = try maxPool(a, window: [3, 3], strides: [2, 2], padding: [[1, 1], [1, 1]])
    try graph.output("image", a)
    try graph.output("scores", softmax(linear(mean(a, axes: [2, 3]), weights([10, 64], 7))))
    let outcomes = try Self.outcomes(graph)
    Self.check(outcomes, of: graph.name)
    for words in ["Winograd", "blocks"] {
      #expect(outcomes.contains { $0.kernel.source.contains(words) }, "\(words)")
    }
  }

  /// Products with what follows them, normalizations and attention of many rows.
  @Test func tokens() throws {
    let graph = Graph("tokens")
    let x = try graph.input("x", .f32, [37, 96])
    func weights(_ shape: [Int], _ phase: Int) throws -> Value {
      try graph.constant(Self.numbers(shape, phase))
    }
    let normal = try layerNorm(x, scale: weights([96], 1), bias: weights([96], 2))
    func heads(_ phase: Int) throws -> Value {
      let all = try linear(normal, weights([96, 96], phase))
      return try transpose(reshape(all, [1, 37, 4, 24]), [0, 2, 1, 3])
    }
    let attended = try attention(query: heads(3), key: heads(4), value: heads(5), isCausal: true)
    let joined = try x + reshape(transpose(attended, [0, 2, 1, 3]), [37, 96])
    let wide = try gelu(linear(joined, weights([200, 96], 6), bias: weights([200], 7)))
    try graph.output("y", linear(wide, weights([96, 200], 8)))
    let half = try convert(normal, to: .f16)
    try graph.output("half", matmul(half, convert(transpose(half, [1, 0]), to: .f16)))
    Self.check(try Self.outcomes(graph), of: graph.name)
  }

  /// Layers on bytes, as post-training quantization makes them.
  @Test func quantizedLayers() throws {
    let graph = Graph("quantized")
    let x = try graph.input("x", .f32, [1, 16, 9, 9])
    let image = try relu(
      conv2d(x, graph.constant(Self.numbers([32, 16, 3, 3], 1)), padding: 1))
    let scores = try linear(
      mean(image, axes: [2, 3]), graph.constant(Self.numbers([10, 32], 2)))
    try graph.output("scores", scores)
    let samples = try (0..<2).map { ["x": try Self.numbers([1, 16, 9, 9], 3 + $0)] }
    let quantized = try PostTrainingQuantization().apply(
      to: graph, entry: "main", samples: samples
    ).graph
    let outcomes = try Self.outcomes(quantized)
    Self.check(outcomes, of: graph.name)
    #expect(outcomes.contains { $0.kernel.source.contains("dot_of_bytes") })
  }

  /// Sorting, prefix sums, looking up and adding at places.
  @Test func orders() throws {
    let graph = Graph("orders")
    let x = try graph.input("x", .f32, [5, 300])
    try graph.output("sorted", sort(x * 7))
    try graph.output("top", topK(x, 9).indices)
    try graph.output("sums", cumulativeSum(x, axis: 1))
    try graph.output("products", cumulativeSum(convert(x * 100, to: .i32), axis: 0))
    let places = try convert(abs(x) * 4, to: .i32)
    try graph.output("taken", embedding(x, slice(places, starts: [0, 0], limits: [1, 300])))
    try graph.output("largest", argMax(x, axis: 1))
    Self.check(try Self.outcomes(graph), of: graph.name)
  }

  /// Every function of one float that is no rounding, and conversions between all float types.
  @Test func functions() throws {
    let graph = Graph("functions")
    let x = try graph.input("x", .f32, [203])
    let wide = try convert(x, to: .f64) * 3
    let functions: [(Value) throws -> Value] = [
      { try exp($0) }, { try log($0) }, { try sin($0) }, { try cos($0) }, { try tan($0) },
      { try tanh($0) }, { try erf($0) }, { try sigmoid($0) }, { try sqrt($0) }, { try sinh($0) },
      { try cosh($0) }, { try asin($0) }, { try acos($0) }, { try atan($0) }, { try asinh($0) },
      { try acosh($0 * $0 + 1) }, { try atanh($0 * 0.25) }, { try atan2($0, $0 * $0 - 0.5) },
      { try pow(abs($0), $0) },
    ]
    for (number, function) in functions.enumerated() {
      try graph.output("single \(number)", function(x))
      try graph.output("double \(number)", function(wide))
    }
    for type in ElementType.arithmetic where type != .f32 {
      let there = try convert(x * 300, to: type)
      try graph.output("to \(type)", there)
      try graph.output("from \(type)", convert(there, to: .f32))
    }
    Self.check(try Self.outcomes(graph), of: graph.name)
  }

  @Test func plansOfAarch64AreNotRunHere() throws {
    let graph = Graph("double")
    let x = try graph.input("x", .f32, [4])
    try graph.output("y", x + x)
    let file = try compilePlan(graph, entry: "main", CompileOptions(target: Target(.neon))).file
    let folder = TestFolder()
    let path = folder.file("double.plan")
    try file.write(to: path)
    let error = #expect(throws: TenonError.self) { try PlanFile.load(path: path) }
    #expect(
      error?.description == """
        plan file: it is for `aarch64` processors, and this one is x86_64; compile the model here
          while loading \(path)
        """)
    #expect(
      try PlanFile.load(path: folder.file("double.plan"), target: Target(.neon)).plan.target
        == "neon")
    #expect(
      throws: TenonError(
        "foreign-target",
        "compile: kernels for neon do not run on this machine, which has "
          + "\(Target.host().name); make a plan file for another machine with `tenon compile`")
    ) { try compile(graph, CompileOptions(target: Target(.neon))) }
  }
}
