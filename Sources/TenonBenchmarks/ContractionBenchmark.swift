import Tenon

/// Matrix products and convolutions on one thread, as a share of what the machine's fused
/// multiply-adds give in registers, measured before and after.
struct ContractionBenchmark {
  private struct Case {
    var name: String
    /// Floating-point operations of one run.
    var work: Double
    var program: Program
    var feeds: [String: Tensor]
    var times: [Double] = []

    init(_ name: String, work: Int, feeds: [String: [Int]], _ record: (Graph) throws -> Value)
      throws
    {
      self.name = name
      self.work = Double(work)
      let graph = Graph("benchmark")
      try graph.entry("main") { try graph.output("result", record(graph)) }
      program = try compile(graph, CompileOptions(threads: 1))
      self.feeds = try feeds.mapValues { try ContractionBenchmark.numbers($0) }
      _ = try program.run("main", self.feeds)
    }
  }

  func run() throws {
    var cases = [try product("in the caches", 96, 384, 384, isConstant: true)]
    for size in [512, 1024] {
      for isConstant in [true, false] {
        let name = "matmul \(size), " + (isConstant ? "constant weights" : "both at run time")
        cases.append(try product(name, size, size, size, isConstant: isConstant))
      }
    }
    for (channels, size) in [(64, 56), (128, 28), (256, 14), (512, 7)] {
      cases.append(try convolution(channels, size, channels, window: 3, stride: 1))
    }
    cases.append(try convolution(3, 224, 64, window: 7, stride: 2))
    cases.append(try convolution(64, 56, 256, window: 1, stride: 1))
    cases.append(try convolution(128, 56, 128, window: 3, stride: 2))
    cases.append(try convolution(144, 56, 144, window: 3, stride: 1, groups: 144))
    let before = try MachineSpeed.measure()
    // Round by round, so that the machine's drift meets all alike.
    for _ in 0..<15 {
      for number in cases.indices {
        let (program, feeds) = (cases[number].program, cases[number].feeds)
        let time = try Stopwatch.milliseconds { _ = try program.run("main", feeds) }
        cases[number].times.append(time)
      }
    }
    let peak = max(before.peakGFLOPS, try MachineSpeed.measure().peakGFLOPS)
    print("contractions, f32, one thread; the peak is \(Int(peak)) GFLOP/s")
    func speed(_ item: Case) -> Double { item.work / Stopwatch.median(item.times) * 1e-6 }
    for item in cases {
      print(
        "  \(item.name): \(Stopwatch.text(Stopwatch.median(item.times))), "
          + "\(Int(speed(item))) GFLOP/s, \(Int(100 * speed(item) / peak)) %")
    }
  }

  private func product(_ name: String, _ m: Int, _ n: Int, _ k: Int, isConstant: Bool) throws
    -> Case
  {
    var feeds = ["a": [m, k]]
    if !isConstant { feeds["b"] = [k, n] }
    return try Case(name, work: 2 * m * n * k, feeds: feeds) { graph in
      let a = try graph.input("a", .f32, [Dimension(m), Dimension(k)])
      let b =
        isConstant
        ? try graph.constant(ContractionBenchmark.numbers([k, n]))
        : try graph.input("b", .f32, [Dimension(k), Dimension(n)])
      return try matmul(a, b)
    }
  }

  private func convolution(
    _ inputs: Int, _ size: Int, _ outputs: Int, window: Int, stride: Int, groups: Int = 1
  ) throws -> Case {
    let name =
      "conv \(window)x\(window), \(inputs) to \(outputs) at \(size)x\(size)"
      + (stride > 1 ? ", stride \(stride)" : "") + (groups > 1 ? ", \(groups) groups" : "")
    let side = size / stride
    let kernel = [outputs, inputs / groups, window, window]
    return try Case(
      name, work: 2 * side * side * kernel.reduce(1, *), feeds: ["x": [1, inputs, size, size]]
    ) { graph in
      let x = try graph.input("x", .f32, [1, Dimension(inputs), Dimension(size), Dimension(size)])
      let weights = try graph.constant(ContractionBenchmark.numbers(kernel))
      let bias = try graph.constant(ContractionBenchmark.numbers([outputs]))
      return try relu(
        conv2d(x, weights, bias: bias, stride: stride, padding: window / 2, groups: groups))
    }
  }

  /// Numbers between -1 and 1.
  static func numbers(_ shape: [Int]) throws -> Tensor {
    let count = shape.reduce(1, *)
    return try Tensor(
      (0..<count).map { Float($0 &* 2_654_435_761 & 0xFFFF) / 32768 - 1 }, shape: shape)
  }
}
