import TenonGraph
import TenonTensor

extension TenonError {
  static func gradientCount(_ op: String, operands: Int, given: Int) -> TenonError {
    TenonError(
      "gradient",
      "\(op): `gradient` must give one gradient or nil for each of its \(operands) operands, "
        + "gave \(given)")
  }

  static func gradientType(_ op: String, _ operand: String, _ type: ValueType, _ given: ValueType)
    -> TenonError
  {
    TenonError(
      "gradient",
      "\(op): the gradient of \(operand) must have its type \(type), not \(given)")
  }
}
