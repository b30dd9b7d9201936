extension TenonError {
  static func storageTooSmall(_ type: ElementType, shape: [Int], needed: Int, held: Int)
    -> TenonError
  {
    TenonError(
      "tensor-size",
      "tensor: \(type)\(Shape(shape)) needs \(needed) bytes but its storage holds \(held)")
  }

  static func elementCount(shape: [Int], given: Int) -> TenonError {
    TenonError(
      "tensor-size",
      "tensor: shape \(Shape(shape)) holds \(RowMajor.count(shape)) elements, given \(given)")
  }

  static func negativeSize(shape: [Int]) -> TenonError {
    TenonError("tensor-size", "tensor: sizes must not be negative, given \(Shape(shape))")
  }

  static func absurdSize(shape: [Int]) -> TenonError {
    TenonError("tensor-size", "tensor: shape \(Shape(shape)) is too large to hold in memory")
  }

  static func noMemory(_ type: ElementType, shape: [Int], byteCount: Int) -> TenonError {
    TenonError("memory", "tensor: no memory for the \(byteCount) bytes of \(type)\(Shape(shape))")
  }

  static func elementType(asked: ElementType, held: ElementType) -> TenonError {
    TenonError(
      "element-type",
      "tensor: asked for elements of \(asked), but it holds \(held); use `converted(to:)` first")
  }

  static var stringsFromBytes: TenonError {
    TenonError(
      "element-type", "tensor: strings are not made of bytes; use `Tensor(strings:shape:)`")
  }

  static func notScalar(shape: [Int]) -> TenonError {
    TenonError(
      "tensor-size", "tensor: `scalar` needs exactly one element, the shape is \(Shape(shape))")
  }

  static func noArithmetic(_ type: ElementType) -> TenonError {
    TenonError("element-type", "tensor: \(type) is storage only; convert it to an arithmetic type")
  }

  static func dimensionText(_ text: String, expected: String, position: Int) -> TenonError {
    TenonError(
      "dimension-text",
      "dimension `\(shortened(text))`: expected \(expected) at byte \(position)")
  }

  static func dimensionSymbol(_ text: String, name: String) -> TenonError {
    TenonError(
      "dimension-text",
      "dimension `\(shortened(text))`: there is no symbol `\(shortened(name))`; declare it first")
  }

  static func dimensionTooLong(bytes: Int, most: Int) -> TenonError {
    TenonError(
      "dimension-text", "dimension: a text of \(bytes) bytes is longer than the \(most) allowed")
  }

  static func dimensionTooDeep(_ text: String, most: Int) -> TenonError {
    TenonError(
      "dimension-text", "dimension `\(shortened(text))`: nested deeper than the \(most) allowed")
  }

  static func dimensionProduct(
    _ text: String, limits: (bytes: Int, depth: Int, factors: Int, terms: Int)
  ) -> TenonError {
    TenonError(
      "dimension-text",
      "dimension `\(shortened(text))`: a product of more than \(limits.factors) factors or "
        + "\(limits.terms) terms")
  }

  /// At most 60 characters of a text that may be anything.
  private static func shortened(_ text: String) -> String {
    text.utf8.count <= 60 ? text : String(text.prefix(57)) + "..."
  }
}
