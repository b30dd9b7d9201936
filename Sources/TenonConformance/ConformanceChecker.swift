import TenonCompiler
import TenonONNX
import TenonTensor

/// How cases are checked.
public struct ConformanceOptions: Sendable {
  /// How cases are compiled.
  public var compilation: CompileOptions
  public var tolerance: ConformanceTolerance
  /// Seconds that importing and planning a case, or running it, may take.
  public var secondsPerCase: Int
  /// Cases whose kernels are compiled together.
  public var casesTogether: Int

  public init(
    compilation: CompileOptions = CompileOptions(),
    tolerance: ConformanceTolerance = ConformanceTolerance(), secondsPerCase: Int = 60,
    casesTogether: Int = 64
  ) {
    self.compilation = compilation
    self.tolerance = tolerance
    self.secondsPerCase = secondsPerCase
    self.casesTogether = casesTogether
  }
}

/// Checks cases in this process: imports and plans each, compiles the kernels of all at once, runs
/// each and compares. Declared shapes of outputs are never looked at.
public struct ConformanceChecker {
  /// What is about to happen, so that whoever watches knows which case ended the process.
  enum Step {
    case plan(Int)
    case compile
    case run(Int)
    case done(Int, ConformanceResult)
  }

  let options: ConformanceOptions

  public init(_ options: ConformanceOptions = ConformanceOptions()) { self.options = options }

  /// The results of cases, in their order.
  public func check(_ cases: [ConformanceCase]) -> [ConformanceResult] {
    var results: [ConformanceResult?] = cases.map { _ in nil }
    var start = 0
    while start < cases.count {
      let end = min(cases.count, start + max(1, options.casesTogether))
      let together = Array(cases[start..<end])
      checkTogether(together) { step in
        if case .done(let number, let result) = step { results[start + number] = result }
      }
      start = end
    }
    return results.map { $0! }
  }

  /// A case on its way: what is to be run for each data set.
  private struct Prepared {
    var runs: [Run] = []
    var seconds = 0.0

    struct Run {
      let data: ConformanceData
      /// The program's place in the batch; data sets of equal shapes share one.
      let program: Int
      let boundInputs: [String]
    }
  }

  func checkTogether(_ cases: [ConformanceCase], _ report: (Step) -> Void) {
    var batch = CompilationBatch()
    let prepared = cases.enumerated().map { number, one -> Result<Prepared, any Error> in
      report(.plan(number))
      return Result { try prepare(one, &batch) }
    }
    report(.compile)
    batch.compileKernels()
    for (number, one) in cases.enumerated() {
      report(.run(number))
      report(.done(number, result(one, prepared[number], batch)))
    }
  }

  private func prepare(_ one: ConformanceCase, _ batch: inout CompilationBatch) throws -> Prepared {
    let began = ContinuousClock.now
    let model = try ONNXModel(path: "\(one.folder)/model.onnx")
    var prepared = Prepared()
    for folder in one.dataSets() {
      let data = try ConformanceData(folder, of: model)
      if let same = prepared.runs.first(where: { run in
        run.boundInputs.isEmpty
          && run.data.feeds.mapValues(\.typeDescription)
            == data.feeds.mapValues(\.typeDescription)
      }) {
        prepared.runs.append(.init(data: data, program: same.program, boundInputs: []))
        continue
      }
      let imported = try model.graph(ONNXImportOptions(feeds: data.feeds))
      let program = try batch.add(imported.graph, options.compilation)
      prepared.runs.append(
        .init(data: data, program: program, boundInputs: imported.boundInputs))
    }
    prepared.seconds = began.seconds
    return prepared
  }

  private func result(
    _ one: ConformanceCase, _ prepared: Result<Prepared, any Error>, _ batch: CompilationBatch
  ) -> ConformanceResult {
    let began = ContinuousClock.now
    do {
      let prepared = try prepared.get()
      if prepared.runs.isEmpty {
        return ConformanceResult(name: one.name, .skipped, reason: "there is no test data")
      }
      for run in prepared.runs { try check(run, batch) }
      return ConformanceResult(
        name: one.name, .passed, seconds: prepared.seconds + began.seconds)
    } catch {
      return ConformanceResult(
        name: one.name, .failed, reason: "\(error)", seconds: began.seconds)
    }
  }

  private func check(_ run: Prepared.Run, _ batch: CompilationBatch) throws {
    let entry = try batch.program(run.program).entry("main")
    // Inputs that no node reads are fed all the same.
    let taken = entry.inputs.map(\.name)
    let results = try entry.run(
      run.data.feeds.filter { !run.boundInputs.contains($0.key) && taken.contains($0.key) })
    for (name, content) in run.data.outputs {
      let wanted = ConformanceData.flattened(name, content)
      if case .tensor = content {
      } else {
        let count = results.keys.reduce(0) { $0 + ($1.hasPrefix(name + ".") ? 1 : 0) }
        let given = results[name] == nil ? count : 1
        guard given == wanted.count else {
          throw TenonError.outputLength(name, given, wanted.count)
        }
      }
      for (name, tensor) in wanted {
        guard let got = results[name] else {
          throw TenonError.outputMissing(name, results.keys.sorted())
        }
        try options.tolerance.compare(name, got, tensor)
      }
    }
  }
}

extension ContinuousClock.Instant {
  /// Seconds from here to now.
  fileprivate var seconds: Double {
    let (seconds, attoseconds) = duration(to: .now).components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
