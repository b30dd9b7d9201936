import TenonCodegen
import TenonFormats
import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

@testable import TenonCompiler

/// Timings kept as JSON, and plans that follow them.
@Suite struct KernelTimingsTests {
  static let model = ContractionChoice(rows: 14, vectors: 2, pieces: 4)
  static let chosen = ContractionChoice(rows: 8, vectors: 3, pieces: 2, depth: 16)

  static var timings: KernelTimings {
    var timings = KernelTimings()
    timings.set(KernelTimings.Entry(kernel: "b", label: "", choice: model, modelChoice: model))
    timings.set(
      KernelTimings.Entry(
        kernel: "a; avx512", label: "dot_general", choice: chosen, modelChoice: model,
        candidates: [
          KernelTimings.Candidate(schedule: model.description, milliseconds: 1.125),
          KernelTimings.Candidate(schedule: chosen.description, milliseconds: 1),
        ]))
    return timings
  }

  @Test func jsonIsReadBack() throws {
    let timings = KernelTimingsTests.timings
    #expect(
      timings.json == """
        {
          "format": "tenon timings",
          "version": 1,
          "kernels": [
            {
              "kernel": "a; avx512",
              "label": "dot_general",
              "schedule": "8 rows x 3 vectors, tiles of 2 pieces, depth in blocks of 16",
              "model": "14 rows x 2 vectors, tiles of 4 pieces",
              "candidates": [
                {
                  "schedule": "14 rows x 2 vectors, tiles of 4 pieces",
                  "ms": 1.125
                },
                {
                  "schedule": "8 rows x 3 vectors, tiles of 2 pieces, depth in blocks of 16",
                  "ms": 1.0
                }
              ]
            },
            {
              "kernel": "b",
              "label": "",
              "schedule": "14 rows x 2 vectors, tiles of 4 pieces",
              "model": "14 rows x 2 vectors, tiles of 4 pieces",
              "candidates": []
            }
          ]
        }

        """)
    #expect(try KernelTimings(parsing: Array(timings.json.utf8), name: "t.json") == timings)
    #expect(timings["a; avx512"]?.request.origin == "measured: 1.000 of 1.125 ms")
    #expect(timings["b"]?.request.origin == "pinned by the timings")
    #expect(timings["c"] == nil)
  }

  /// Written by hand: a kernel and its schedule are enough.
  @Test func pinsAreShort() throws {
    let text = """
      {"format": "tenon timings", "version": 1, "kernels": [
        {"kernel": "k", "schedule": "14 rows x 2 vectors, tiles of 4 pieces"}]}
      """
    let timings = try KernelTimings(parsing: Array(text.utf8), name: "t.json")
    #expect(timings["k"]?.schedule == "14 rows x 2 vectors, tiles of 4 pieces")
    #expect(timings.entries.count == 1)
  }

  @Test(arguments: [
    ("", "t.json: invalid JSON at byte 0: expected a value"),
    ("[]", "t.json: the file holds no timings: its \"format\" is not \"tenon timings\""),
    ("{}", "t.json: the file holds no timings: its \"format\" is not \"tenon timings\""),
    (start("2", "[]"), "t.json: version 2 is not known; this is version 1"),
    (start("null", "[]"), "t.json: \"version\" must be a number"),
    (start("1", "{}"), "t.json: \"kernels\" must be an array"),
    (start("1", "[3]"), "t.json: entry 1 must be an object"),
    (start("1", "[{}]"), "t.json: entry 1: \"schedule\" must be a string"),
    (entry(""), "t.json: entry 1: \"kernel\" must be a string"),
    (entry("\"kernel\": \"k\", \"label\": 1"), "t.json: entry 1: \"label\" must be a string"),
    (
      entry("\"kernel\": \"k\", \"candidates\": 1"),
      "t.json: entry 1: \"candidates\" must be an array"
    ),
    (
      entry("\"kernel\": \"k\", \"candidates\": [1]"),
      "t.json: entry 1, candidate 1 must be an object"
    ),
    (
      entry("\"kernel\": \"k\", \"candidates\": [{\"ms\": 1e999}]"),
      "t.json: entry 1, candidate 1: \"ms\" must be a number of milliseconds"
    ),
    (
      entry("\"kernel\": \"k\", \"model\": \"fast\""),
      """
      t.json: entry 1: "model" is no schedule
        write it as: 14 rows x 2 vectors, tiles of 4 pieces
        and after it, where wanted: , depth in blocks of 256, rows copied for 8 panels
      """
    ),
    (
      start("1", "[\(pin), \(pin)]"), "t.json: entry 2: the kernel has an entry already"
    ),
  ])
  func wrongFilesAreRefused(text: String, message: String) {
    let error = #expect(throws: TenonError.self) {
      try KernelTimings(parsing: Array(text.utf8), name: "t.json")
    }
    #expect(error?.description == message)
  }

  private static func start(_ version: String, _ kernels: String) -> String {
    "{\"format\": \"tenon timings\", \"version\": \(version), \"kernels\": \(kernels)}"
  }

  private static let pin =
    "{\"kernel\": \"k\", \"schedule\": \"14 rows x 2 vectors, tiles of 4 pieces\"}"

  private static func entry(_ rest: String) -> String {
    start(
      "1",
      "[{\"schedule\": \"14 rows x 2 vectors, tiles of 4 pieces\"\(rest.isEmpty ? "" : ", ")\(rest)}]"
    )
  }

  /// A product with constant weights and another without.
  private static func graph() throws -> Graph {
    let graph = Graph("products")
    let x = try graph.input("x", .f32, [64, 96])
    let weights = try graph.constant(
      Tensor((0..<96 * 128).map { Float($0 % 13) / 8 - 0.75 }, shape: [96, 128]))
    let y = try matmul(x, weights)
    try graph.output("y", relu(y))
    try graph.output("z", matmul(transpose(x), x))
    return graph
  }

  /// What tuning finds makes plans that are a function of it alone, and a pin makes another.
  @Test func plansFollowTimings() throws {
    let graph = try KernelTimingsTests.graph()
    var options = CompileOptions(cacheFolder: TemporaryFolder.make())
    let untuned = try compilePlan(graph, entry: "main", options).file.bytes()
    let report = try tune(graph, options)
    #expect(report.kernels.count == 2)
    #expect(report.kernels.allSatisfy { $0.isNew && $0.uses == 1 })
    for kernel in report.kernels {
      #expect(kernel.entry.candidates.count > 2)
      #expect(kernel.entry.candidates[0].schedule == kernel.entry.model)
      #expect(kernel.milliseconds != nil)
    }
    options.timings = report.timings
    #expect(try tune(graph, options).kernels.allSatisfy { !$0.isNew })
    let read = try KernelTimings(parsing: Array(report.timings.json.utf8), name: "t.json")
    let tuned = try compilePlan(graph, entry: "main", options).file.bytes()
    options.timings = read
    #expect(try compilePlan(graph, entry: "main", options).file.bytes() == tuned)

    var pins = KernelTimings()
    let pin = ContractionChoice(rows: 3, vectors: 1, pieces: 2)
    for entry in report.timings.entries {
      pins.set(
        KernelTimings.Entry(kernel: entry.kernel, label: "", choice: pin, modelChoice: pin))
    }
    options.timings = pins
    let pinned = try compilePlan(graph, entry: "main", options)
    #expect(try pinned.file.bytes() != untuned)
    let schedules = pinned.entry.kernels.map(\.schedule).filter { $0.contains("pinned") }
    #expect(schedules.count == 2)
    #expect(schedules.allSatisfy { $0.contains("3 rows x 1 vectors") })

    // Entries that no kernel has change nothing.
    options.timings = KernelTimingsTests.timings
    #expect(try compilePlan(graph, entry: "main", options).file.bytes() == untuned)
  }

  /// Pinned schedules give the same numbers, at any number of threads the same bits.
  @Test func pinnedPlansComputeTheSame() throws {
    let graph = try KernelTimingsTests.graph()
    let x = try Tensor((0..<64 * 96).map { Float($0 % 11) / 16 }, shape: [64, 96])
    var options = CompileOptions(threads: 1, cacheFolder: TemporaryFolder.make())
    let meant = try compile(graph, options).run("main", ["x": x])
    for entry in try tune(graph, options).timings.entries {
      options.timings.set(
        KernelTimings.Entry(
          kernel: entry.kernel, label: "",
          choice: ContractionChoice(rows: 5, vectors: 2, pieces: 3, depth: 40),
          modelChoice: KernelTimingsTests.model))
    }
    let one = try compile(graph, options).run("main", ["x": x])
    options.threads = 2
    let two = try compile(graph, options).run("main", ["x": x])
    for name in ["y", "z"] {
      #expect(one[name]!.isIdentical(to: two[name]!))
      let pairs = try zip(one[name]!.doubles(), meant[name]!.doubles())
      #expect(pairs.allSatisfy { abs($0 - $1) < 1e-3 })
    }
  }

  @Test func tuningNeedsThisMachine() throws {
    let graph = try KernelTimingsTests.graph()
    let portable = #expect(throws: TenonError.self) {
      try tune(graph, CompileOptions(backend: .portable))
    }
    #expect(
      portable?.description
        == "tune: only native kernels have schedules to measure; choose the native backend")
    let foreign = #expect(throws: TenonError.self) {
      try tune(graph, CompileOptions(target: Target(.neon)))
    }
    #expect(
      foreign?.description
        == "tune: kernels for neon cannot be measured on this machine, which has "
        + Target.host().name)
  }
}
