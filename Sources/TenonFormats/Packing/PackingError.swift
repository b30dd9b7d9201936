import TenonTensor

extension TenonError {
  static func notPacked(_ type: ElementType) -> TenonError {
    TenonError("element-type", "packed bits: only types under 8 bits are packed, not \(type)")
  }

  static func packedType(_ type: ElementType) -> TenonError {
    TenonError("element-type", "packed bytes must be u8, not \(type)")
  }

  static func packedCount(_ type: ElementType, _ shape: [Int], held: Int) -> TenonError {
    TenonError(
      "tensor-size", "packed bits: \(type)\(Shape(shape)) does not take \(held) bytes")
  }

  static func packedPadding(_ type: ElementType, _ shape: [Int]) -> TenonError {
    TenonError(
      "tensor-size", "packed bits: bits after the last element of \(type)\(Shape(shape)) are set")
  }

  static func notStrings(_ type: ElementType) -> TenonError {
    TenonError("element-type", "string bytes: the tensor holds \(type), not strings")
  }

  static func stringsKind(_ kind: String) -> TenonError {
    TenonError("json", "strings: expected a JSON array of strings, found \(kind)")
  }
}
