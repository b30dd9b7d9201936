import TenonGraph
import TenonOps
import TenonTensor

/// Answers what a value is worth where nothing that only a run knows goes into it.
///
/// Operators ask it for operands that decide shapes; the nodes that it evaluates stay recorded, and
/// passes drop those that nothing else reads.
final class ConstantEvaluator {
  private let graph: Graph
  private let interpreter: Interpreter
  private var tensors: [ValueID: Tensor?] = [:]
  /// Larger results are not evaluated: what decides a shape is small.
  private static let byteLimit = 1 << 20

  init(_ graph: Graph) {
    self.graph = graph
    interpreter = Interpreter(graph)
  }

  /// The value's tensor, or nil where an input, a variable or a size without number goes into it.
  func tensor(_ value: Value) throws -> Tensor? {
    if let known = value.knownElements, let tensor = try tensor(known, value) { return tensor }
    var stack = [value.id]
    while let id = stack.last {
      if tensors[id] != nil {
        stack.removeLast()
        continue
      }
      guard let node = graph.producer(id), isEvaluated(node) else {
        tensors[id] = .some(nil)
        continue
      }
      let operands = Array(graph.operands(node))
      let missing = operands.filter { tensors[$0] == nil }
      if !missing.isEmpty {
        stack += missing
        continue
      }
      let values = operands.compactMap { tensors[$0]! }
      guard values.count == operands.count else {
        for result in graph.results(node) { tensors[result] = .some(nil) }
        continue
      }
      do {
        let results = try interpreter.evaluate(node, values)
        for (result, tensor) in zip(graph.results(node), results) { tensors[result] = tensor }
      } catch let error as TenonError where error.code == "unbound-symbol" {
        for result in graph.results(node) { tensors[result] = .some(nil) }
      }
    }
    return tensors[value.id]!
  }

  private func tensor(_ known: [Dimension], _ value: Value) throws -> Tensor? {
    let numbers = known.compactMap(\.constant)
    guard numbers.count == known.count, let shape = value.shape.constants else { return nil }
    return try Tensor(
      value.elementType, shape: shape, integers: numbers.map { Int64($0) })
  }

  private func isEvaluated(_ node: NodeID) -> Bool {
    guard graph.isPure(node) else { return false }
    return graph.results(node).allSatisfy { result in
      guard let type = graph.type(result).tensor, let count = type.shape.elementCount.constant,
        type.element != .string
      else { return false }
      return count * type.element.byteWidth <= ConstantEvaluator.byteLimit
        || graph.op(node) is Constant
    }
  }

  /// The arguments that go into a value, in the order in which they are met.
  func arguments(of value: Value) -> [ValueID] {
    var seen: Set<ValueID> = []
    var found: [ValueID] = []
    var stack = [value.id]
    while let id = stack.popLast() {
      guard seen.insert(id).inserted else { continue }
      guard let node = graph.producer(id) else {
        found.append(id)
        continue
      }
      stack += graph.operands(node)
    }
    return found
  }
}
