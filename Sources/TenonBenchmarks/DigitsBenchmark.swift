import Glibc
import Tenon

/// Compile times, start-up, steady runs and memory of the digits sample's plans.
struct DigitsBenchmark {
  let command: String
  let model: String
  let image: String

  func run() throws {
    let saved = try SavedGraph.load(path: model)
    print("digits: training and prediction plans")
    var template = Array("/tmp/tenon-bench-XXXXXX\0".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no temporary folder") }
    let folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8($0) }, as: UTF8.self)
    var options = CompileOptions(sizes: ["batch": 32], cacheFolder: folder + "/cache")
    var program: Program?
    let cold = try Stopwatch.milliseconds { program = try compile(saved.graph, options) }
    print("  cold compile: \(Stopwatch.text(cold))")
    let warm = try (0..<9).map { _ in
      try Stopwatch.milliseconds { program = try compile(saved.graph, options) }
    }
    print("  warm compile: \(Stopwatch.text(Stopwatch.median(warm)))")
    try start(folder)
    try steady(program!)
    for case let session as Session in program!.entries where session.name != "initialize" {
      try RunLoopBenchmark(session: session, feeds: feeds()).run()
    }
    memory(program!)
    options.threads = 1
    try sameBits(saved.graph, options)
  }

  /// `tenon run` from process start to its end, kernels cached.
  private func start(_ folder: String) throws {
    setenv("TENON_CACHE", folder + "/cache", 1)
    unsetenv("LD_PRELOAD")
    func once() -> Double {
      Stopwatch.milliseconds {
        var pid = pid_t()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        let words = [command, "run", model, "--input", "images=\(image)"]
        var arguments = words.map { strdup($0) } + [nil]
        posix_spawn(&pid, command, &actions, nil, &arguments, environ)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        guard status == 0 else { fatalError("tenon run failed") }
        posix_spawn_file_actions_destroy(&actions)
        for argument in arguments { free(argument) }
      }
    }
    _ = once()
    print("  tenon run: \(Stopwatch.text(Stopwatch.median((0..<15).map { _ in once() })))")
  }

  /// One step's time, and page faults after the second run.
  private func steady(_ program: Program) throws {
    let feeds = try feeds()
    for _ in 0..<20 { _ = try program.run("train", feeds) }
    let before = minorFaults()
    let times = try (0..<300).map { _ in
      try Stopwatch.milliseconds { _ = try program.run("train", feeds) }
    }
    print(
      "  training step of 32: \(Stopwatch.text(Stopwatch.median(times))); "
        + "page faults in 300 steps: \(minorFaults() - before)")
  }

  private func memory(_ program: Program) {
    for memory in program.report.memory where memory.liveBytes > 0 {
      let whole = memory.arenaBytes + memory.scratchBytesPerThread
      let ratio = Double(whole) / Double(memory.liveBytes + memory.scratchBytesPerThread)
      print(
        "  arena of \(memory.entry): \(memory.arenaBytes) bytes, largest sum live at one step "
          + "\(memory.liveBytes), scratch \(memory.scratchBytesPerThread), ratio "
          + "\((ratio * 1000).rounded() / 1000)")
    }
  }

  /// The losses of ten steps on one thread and on all.
  private func sameBits(_ graph: Graph, _ options: CompileOptions) throws {
    var all = options
    all.threads = nil
    let losses = try [options, all].map { options in
      let program = try compile(graph, options)
      return try (0..<10).map { _ in
        try program.run("train", feeds())["loss"]!.scalar(as: Float.self).bitPattern
      }
    }
    print("  losses of ten steps on 1 and on all threads are the same: \(losses[0] == losses[1])")
  }

  private func feeds() throws -> [String: Tensor] {
    let pixels = (0..<32 * 64).map { Float($0 * 7 % 17) / 16 }
    return [
      "images": try Tensor(pixels, shape: [32, 1, 8, 8]),
      "labels": Tensor((0..<32).map { Int32($0 % 10) }),
    ]
  }
}
