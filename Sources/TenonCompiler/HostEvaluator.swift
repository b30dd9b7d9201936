import TenonGraph
import TenonRuntime
import TenonTensor

/// Evaluates one node on the runtime's buffers, by its op's meaning. The graph is not edited any
/// more.
struct HostEvaluator: @unchecked Sendable {
  let graph: Graph
  let node: NodeID

  func evaluate(_ operands: [HostOperand]) throws {
    let count = graph.operandCount(node)
    let inputs = try operands.prefix(count).map { operand in
      try Tensor(operand.elementType, shape: operand.shape) { bytes in
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: operand.bytes[..<bytes.count]))
      }
    }
    let results = try Interpreter(graph, sizes: sizes(operands)).evaluate(node, inputs)
    for (result, operand) in zip(results, operands.dropFirst(count)) {
      result.withUnsafeBytes { operand.bytes.copyMemory(from: $0) }
    }
  }

  /// The numbers that symbols have in this run, from the sizes of what the node reads and gives.
  private func sizes(_ operands: [HostOperand]) -> [String: Int] {
    var sizes: [String: Int] = [:]
    for (value, operand) in zip(graph.operands(node) + graph.results(node), operands) {
      for (dimension, size) in zip(graph.tensorType(value).shape, operand.shape) {
        if let symbol = dimension.symbols.first, dimension == Dimension(symbol) {
          sizes[symbol.name] = size
        }
      }
    }
    return sizes
  }
}
