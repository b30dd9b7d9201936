import TenonTensor

extension TenonError {
  static func scalarOutOfRange(_ number: String, _ element: ElementType) -> TenonError {
    TenonError("scalar", "scalar: \(number) is not a number that \(element) can hold")
  }
}
