import TenonCompiler
import TenonGraph
import TenonRuntime
import TenonTensor

/// Runs many cases on a backend: each is an entry of one graph, so that kernels are compiled
/// together.
public struct BackendCases {
  public let backend: Backend
  /// The machine to compile for; nil for this one.
  public let target: Target?
  public let cases: [OpCase]
  private let programs: [(program: Program, cases: [Int])]

  /// Compiles the cases.
  ///
  /// - Throws: what compiling throws, with the case as context where one alone fails.
  public init(_ cases: [OpCase], _ backend: Backend, target: Target? = nil) throws {
    self.backend = backend
    self.target = target
    self.cases = cases
    let options = CompileOptions(
      backend: backend, target: target, threads: 2,
      warn: { preconditionFailure("the backend gave way: \($0)") })
    programs = try BackendCases.graphs(cases).map { graph, numbers in
      do {
        return (try compile(graph, options), numbers)
      } catch {
        for number in numbers {
          _ = try TenonError.inContext("in case \(cases[number].name)") {
            try compile(cases[number].graph(), options)
          }
        }
        throw error
      }
    }
  }

  /// What the backend is, for failures.
  public var name: String {
    backend.rawValue + (target.map { " \($0.name)" } ?? "")
  }

  /// Graphs that hold a case an entry; cases that use a symbol in another way come apart.
  private static func graphs(_ cases: [OpCase]) throws -> [(Graph, [Int])] {
    var graphs: [(graph: Graph, cases: [Int])] = []
    for (number, one) in cases.enumerated() {
      var isRecorded = false
      for place in graphs.indices.reversed() where !isRecorded {
        isRecorded = (try? record(one, number, graphs[place].graph)) != nil
        if isRecorded { graphs[place].cases.append(number) }
      }
      if !isRecorded {
        let graph = Graph("cases")
        try record(one, number, graph)
        graphs.append((graph, [number]))
      }
    }
    return graphs
  }

  private static func record(_ one: OpCase, _ number: Int, _ graph: Graph) throws {
    try graph.entry("case \(number)") {
      let values = try one.types.enumerated().map {
        try graph.input("x\($0)", $1.element, $1.shape)
      }
      for (position, result) in try one.apply(to: values, of: graph).enumerated() {
        try graph.output("y\(position)", result)
      }
    }
  }

  /// Calls `body` with each case's number and its results on so many threads.
  ///
  /// - Throws: what `body` throws; `body` gets what a run throws.
  public func run(
    threads: Int, _ body: (_ number: Int, Result<[Tensor], any Error>) throws -> Void
  ) throws {
    for (program, numbers) in programs {
      for number in numbers {
        let result = Result {
          let entry = try program.entry("case \(number)")
          let inputs = entry.inputs.map { cases[number].inputs[$0.name]! }
          return try entry.run(inputs, options: RunOptions(threads: threads))
        }
        try body(number, result)
      }
    }
  }

  /// The host steps of the plans, by case.
  public var hostSteps: [(one: OpCase, label: String)] {
    programs.flatMap { program, numbers in
      program.report.entries.flatMap { entry -> [(OpCase, String)] in
        let number = numbers.first { "case \($0)" == entry.draft.name }
        return entry.draft.hostFunctions.indices.map {
          (cases[number!], "\(entry.draft.hostFunctions[$0]): \(entry.draft.hostReasons[$0])")
        }
      }
    }
  }

  /// Where results differ from the reference's, or between numbers of threads.
  ///
  /// - Throws: what the reference throws.
  public func differences() throws -> [String] {
    var found: [String] = []
    var first: [Int: [Tensor]] = [:]
    for threads in [1, 2] {
      try run(threads: threads) { number, result in
        let one = cases[number]
        switch result {
        case .failure(let error): found.append("\(name): \(one.name): \(error)")
        case .success(let tensors):
          if let known = first[number] {
            let isSame = zip(known, tensors).allSatisfy { $0.isIdentical(to: $1) }
            if !isSame { found.append("\(name): \(one.name): 2 threads give other bits") }
            return
          }
          first[number] = tensors
          let runner = FixedRunner(name: name, results: tensors)
          if let difference = try runner.difference(one) { found.append(difference) }
        }
      }
    }
    return found
  }
}

/// Results that are there already.
private struct FixedRunner: CaseRunner {
  let name: String
  let results: [Tensor]

  func run(_ one: OpCase) throws -> [Tensor] { results }
}
