import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Constant`: exactly one of the `value` attributes.
  static let constant = ONNXOperator(
    "Constant", since: [1, 9, 11, 12, 13, 19, 21, 23, 24, 25]
  ) { node in try node.graph.constant(node.constantValue()) }
}

extension ONNXNode {
  fileprivate func constantValue() throws -> Tensor {
    if let tensor = try tensor("value") { return tensor }
    if let sparse = try sparseTensor("sparse_value") { return sparse }
    if let number = try float("value_float") { return Tensor(Float(number)) }
    if let numbers = try floats("value_floats") { return Tensor(numbers.map { Float($0) }) }
    if let number = try integer("value_int") { return Tensor(Int64(number)) }
    if let numbers = try integers("value_ints") { return Tensor(numbers.map { Int64($0) }) }
    if let text = try string("value_string") { return try Tensor(strings: [text], shape: []) }
    if let texts = try strings("value_strings") {
      return try Tensor(strings: texts, shape: [texts.count])
    }
    throw fail("has none of the attributes that give a value")
  }
}
