import Synchronization
import TenonCodegen
import TenonCompiler
import TenonGraph
import TenonRuntime
import TenonTensor

/// A backend as cases meet it: what compiles them, and for which instructions.
public struct CaseBackend: Hashable, Sendable, CustomStringConvertible {
  public let backend: Backend
  /// The machine to compile for; nil for this one.
  public let target: Target?

  public init(_ backend: Backend, _ target: Target? = nil) {
    self.backend = backend
    self.target = target
  }

  /// `native avx2`.
  public var description: String { backend.rawValue + (target.map { " \($0.name)" } ?? "") }

  /// All that this machine can run: the reference, bytecode, and kernels of each instruction set.
  public static let all: [CaseBackend] =
    [CaseBackend(.reference), CaseBackend(.portable)]
    + Target.host().instructionSet.included.map { CaseBackend(.native, Target($0)) }

  /// What is emulated here: kernels of aarch64, where the emulator is installed.
  public static let emulated: [CaseBackend] =
    Emulator.aarch64 == nil ? [] : [CaseBackend(.native, Target(.neon))]
}

/// Many cases compiled for a backend: each is an entry of one graph, so that their kernels are
/// compiled together.
public struct BackendCases {
  public let backend: CaseBackend
  public let cases: [OpCase]
  /// By case, what runs it.
  private var executables: [Int: any Executable] = [:]
  /// By case, why it does not compile.
  private var failures: [Int: String] = [:]

  /// Compiles the cases.
  public init(_ cases: [OpCase], _ backend: CaseBackend) {
    self.backend = backend
    self.cases = cases
    compile(Array(cases.indices))
  }

  /// Compiles some of the cases together; where that fails, by halves, to find those at fault.
  private mutating func compile(_ numbers: [Int]) {
    do {
      for (graph, numbers) in try BackendCases.graphs(cases, numbers) {
        let warnings = Mutex<[String]>([])
        let options = options { text in warnings.withLock { $0.append(text) } }
        let executables = try BackendCases.executables(graph, options)
        if let warning = warnings.withLock(\.first) { throw TenonError("gave-way", warning) }
        for (number, executable) in zip(numbers, executables) {
          self.executables[number] = executable
        }
      }
    } catch {
      if numbers.count == 1 {
        failures[numbers[0]] = "\(error)"
      } else {
        compile(Array(numbers.prefix(numbers.count / 2)))
        compile(Array(numbers.dropFirst(numbers.count / 2)))
      }
    }
  }

  /// What runs each entry: kernels of another machine in the emulator.
  private static func executables(_ graph: Graph, _ options: CompileOptions) throws
    -> [any Executable]
  {
    guard let target = options.target, !target.runs(on: .host()), let emulator = Emulator.aarch64
    else { return try TenonCompiler.compile(graph, options).entries }
    var batch = CompilationBatch()
    let place = try batch.add(graph, options)
    batch.compileKernels()
    return try batch.plans(place).map { try emulator.executable($0) }
  }

  private func options(warn: @escaping @Sendable (String) -> Void) -> CompileOptions {
    CompileOptions(backend: backend.backend, target: backend.target, threads: 2, warn: warn)
  }

  /// Graphs that hold a case an entry; cases that use a symbol in another way come apart.
  private static func graphs(_ cases: [OpCase], _ numbers: [Int]) throws -> [(
    graph: Graph, cases: [Int]
  )] {
    var graphs: [(graph: Graph, cases: [Int])] = []
    for number in numbers {
      let one = cases[number]
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

  /// A step of a case's plan that no kernel computes.
  public struct HostStep: Hashable, Sendable, CustomStringConvertible {
    /// The case's name.
    public let name: String
    /// The text name of the op that the step evaluates.
    public let op: String
    /// Why it has no kernel.
    public let reason: String

    public var description: String { "\(op) (\(reason)) in \(name)" }
  }

  /// The host steps of the cases' plans; nothing is compiled.
  ///
  /// - Throws: what the passes and planning throw.
  public static func hostSteps(_ cases: [OpCase], _ backend: CaseBackend) throws -> [HostStep] {
    let options = CompileOptions(backend: backend.backend, target: backend.target)
    return try graphs(cases, Array(cases.indices)).flatMap { graph, numbers in
      try zip(planDrafts(graph, options), numbers).flatMap { draft, number in
        zip(draft.hostFunctions, draft.hostReasons).map { function, reason in
          // Entry, op and number: `case 4/sort#0`.
          let op = function.split(separator: "/").last?.prefix { $0 != "#" } ?? ""
          return HostStep(name: cases[number].name, op: String(op), reason: reason)
        }
      }
    }
  }

  /// Runs each case on one thread and on two, emulated ones on one, and calls `body` with its
  /// number and with how its results differ from those expected or between the two runs; nil where
  /// they do not.
  ///
  /// - Parameter expected: the results of each case.
  /// - Throws: what `body` throws, and what an op's inference throws.
  public func check(
    _ expected: [[Tensor]], _ body: (_ number: Int, _ difference: String?) throws -> Void
  ) throws {
    for (number, failure) in failures.sorted(by: { $0.key < $1.key }) {
      try body(number, "\(backend): \(cases[number].name): \(failure)")
    }
    for (number, executable) in executables.sorted(by: { $0.key < $1.key }) {
      try body(number, try difference(executable, number, expected[number]))
    }
  }

  private func difference(_ executable: any Executable, _ number: Int, _ expected: [Tensor]) throws
    -> String?
  {
    let one = cases[number]
    var runs: [[Tensor]] = []
    do {
      let inputs = executable.inputs.map { one.inputs[$0.name]! }
      for threads in CaseBackend.emulated.contains(backend) ? [1] : [1, 2] {
        runs.append(try executable.run(inputs, options: RunOptions(threads: threads)))
      }
    } catch {
      return "\(backend): \(one.name): \(error)"
    }
    let runner = FixedRunner(name: backend.description, results: runs[0])
    if let difference = try runner.difference(one, expecting: expected) { return difference }
    let isSame = zip(runs[0], runs.last!).allSatisfy { $0.isIdentical(to: $1) }
    return isSame ? nil : "\(backend): \(one.name): two threads give other bits than one"
  }
}

/// Results that are there already.
private struct FixedRunner: CaseRunner {
  let name: String
  let results: [Tensor]

  func run(_ one: OpCase) throws -> [Tensor] { results }
}
