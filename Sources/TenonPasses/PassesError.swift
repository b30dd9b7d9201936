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

  static func endlessBody(_ op: String, limit: Int) -> TenonError {
    TenonError(
      "endless-body",
      "\(op): bodies inside bodies go deeper than \(limit); a composite must not be made of itself")
  }
}
