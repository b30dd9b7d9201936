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

  static func elementType(asked: ElementType, held: ElementType) -> TenonError {
    TenonError(
      "element-type",
      "tensor: asked for elements of \(asked), but it holds \(held); use `converted(to:)` first")
  }

  static func notScalar(shape: [Int]) -> TenonError {
    TenonError(
      "tensor-size", "tensor: `scalar` needs exactly one element, the shape is \(Shape(shape))")
  }

  static func noArithmetic(_ type: ElementType) -> TenonError {
    TenonError("element-type", "tensor: \(type) is storage only; convert it to an arithmetic type")
  }
}
