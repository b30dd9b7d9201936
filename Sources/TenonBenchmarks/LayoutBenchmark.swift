import Tenon

/// Chains of image ops on one thread, without and with `assign-layouts`: least times.
struct LayoutBenchmark {
  private struct Case {
    var name: String
    /// Floating-point operations of one run.
    var work: Double
    var programs: [Program]
    var feeds: [String: Tensor]
    var times: [[Double]] = [[], []]

    init(_ name: String, work: Int, image: [Int], _ step: (Graph, Value) throws -> Value) throws {
      self.name = name
      self.work = Double(work)
      programs = try [
        Pipeline.standard.removing(AssignLayouts.self), Pipeline.standard,
      ].map { pipeline in
        let graph = Graph("benchmark")
        try graph.entry("main") {
          var x = try graph.input("x", .f32, Shape(image.map { Dimension($0) }))
          for _ in 0..<LayoutBenchmark.length { x = try step(graph, x) }
          try graph.output("result", x)
        }
        return try compile(graph, CompileOptions(threads: 1, pipeline: pipeline))
      }
      let count = image.reduce(1, *)
      feeds = [
        "x": try Tensor(
          (0..<count).map { Float($0 &* 2_654_435_761 & 0xFFFF) / 32768 - 1 }, shape: image)
      ]
      for program in programs { _ = try program.run("main", feeds) }
    }
  }

  /// Ops of a chain.
  private static let length = 6

  func run() throws {
    var cases: [Case] = []
    for (channels, size) in [(32, 112), (144, 56), (192, 28), (384, 14), (960, 7)] {
      cases.append(try convolution(channels, size, window: 3, groups: channels))
    }
    cases.append(try convolution(240, 28, window: 5, groups: 240))
    for (channels, size) in [(64, 56), (256, 14), (512, 7)] {
      cases.append(try convolution(channels, size, window: 3, groups: 1))
    }
    for (channels, size) in [(64, 56), (96, 56), (256, 14), (512, 7)] {
      cases.append(try convolution(channels, size, window: 1, groups: 1))
    }
    for (channels, size) in [(64, 112), (192, 28)] {
      cases.append(
        try Case(
          "max-pool 3x3, \(channels) at \(size)x\(size)",
          work: LayoutBenchmark.length * 9 * channels * size * size,
          image: [1, channels, size, size]
        ) { _, x in try maxPool(x, window: [3, 3], strides: [1, 1], padding: [[1, 1], [1, 1]])
        })
    }
    for _ in 0..<15 {
      for number in cases.indices {
        for choice in 0..<2 {
          let (program, feeds) = (cases[number].programs[choice], cases[number].feeds)
          let time = try Stopwatch.milliseconds { _ = try program.run("main", feeds) }
          cases[number].times[choice].append(time)
        }
      }
    }
    print("chains of \(LayoutBenchmark.length) image ops, f32, one thread: plain, with layouts")
    for item in cases {
      let least = item.times.map { $0.min()! }
      let speeds = least.map { "\(Int(item.work / $0 * 1e-6)) GFLOP/s" }
      let ratio = (least[0] / least[1] * 100).rounded() / 100
      print(
        "  \(item.name): \(Stopwatch.text(least[0])), \(speeds[0]); "
          + "\(Stopwatch.text(least[1])), \(speeds[1]); x \(ratio)")
    }
  }

  private func convolution(_ channels: Int, _ size: Int, window: Int, groups: Int) throws -> Case {
    let kernel = [channels, channels / groups, window, window]
    let name =
      (groups > 1 ? "depthwise " : "conv ")
      + "\(window)x\(window), \(channels) at \(size)x\(size)"
    return try Case(
      name, work: LayoutBenchmark.length * 2 * size * size * kernel.reduce(1, *),
      image: [1, channels, size, size]
    ) { graph, x in
      let count = kernel.reduce(1, *)
      let numbers = (0..<count).map { Float($0 &* 40_503 & 0xFF) / 8192 - 0.01 }
      let weights = try graph.constant(Tensor(numbers, shape: kernel))
      return try relu(conv2d(x, weights, padding: window / 2, groups: groups))
    }
  }
}
