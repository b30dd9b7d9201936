import TenonTensor

extension TenonError {
  static func inputCount(_ plan: String, _ inputs: [PlanPort], given: Int) -> TenonError {
    TenonError(
      "feed", "\(plan): takes \(inputs.count) inputs, given \(given)",
      details: inputLines(inputs))
  }

  static func unknownInput(_ plan: String, _ inputs: [PlanPort], _ name: String) -> TenonError {
    TenonError(
      "feed", "\(plan): no input is called `\(name)`", details: inputLines(inputs))
  }

  static func missingInput(_ plan: String, _ port: PlanPort) -> TenonError {
    TenonError("feed", "\(plan): input \(port.name) is missing; feed \(port)")
  }

  private static func inputLines(_ inputs: [PlanPort]) -> [String] {
    let list = inputs.map(\.description).joined(separator: ", ")
    return ["inputs: " + (inputs.isEmpty ? "none" : list)]
  }

  static func inputType(_ plan: String, _ port: PlanPort, given: ElementType, shape: [Int])
    -> TenonError
  {
    TenonError(
      "feed",
      "\(plan): input \(port.name) must be \(port.elementType), given \(given)\(Shape(shape)); "
        + "use `converted(to: .\(port.elementType))` first")
  }

  static func inputRank(_ plan: String, _ port: PlanPort, shape: [Int]) -> TenonError {
    TenonError(
      "feed",
      "\(plan): input \(port.name) must have rank \(port.shape.rank) as \(port.shape), "
        + "given \(Shape(shape))")
  }

  static func inputSize(_ plan: String, _ port: PlanPort, axis: Int, expected: Int, shape: [Int])
    -> TenonError
  {
    let size = port.shape[axis]
    let value = size.isConstant ? "\(expected)" : "\(size) = \(expected)"
    return TenonError(
      "feed",
      "\(plan): input \(port.name) must be \(port.shape), given \(Shape(shape)): "
        + "size \(axis) must be \(value), not \(shape[axis])")
  }

  static func inputSizeHasNoSolution(_ plan: String, _ port: PlanPort, axis: Int, shape: [Int])
    -> TenonError
  {
    TenonError(
      "feed",
      "\(plan): input \(port.name) must be \(port.shape), given \(Shape(shape)): "
        + "no size makes \(port.shape[axis]) equal \(shape[axis])")
  }

  static func inputOverMaximum(
    _ plan: String, _ port: PlanPort, _ symbol: Symbol, size: Int, shape: [Int]
  ) -> TenonError {
    TenonError(
      "feed",
      "\(plan): input \(port.name) given \(Shape(shape)) makes \(symbol) \(size), over its "
        + "maximum \(symbol.maximum!); declare it with a larger `maximum:`")
  }

  static func contradictorySizes(
    _ plan: String, _ symbol: Symbol, _ first: PlanPort, _ firstSize: Int, _ second: PlanPort,
    _ secondSize: Int
  ) -> TenonError {
    TenonError(
      "feed",
      "\(plan): \(symbol) is \(firstSize) by input \(first) but \(secondSize) by input \(second)")
  }

  static func outputTooSmall(_ plan: String, _ port: PlanPort, needed: Int, given: Int)
    -> TenonError
  {
    TenonError(
      "feed", "\(plan): output \(port) needs \(needed) bytes, given \(given)")
  }

  static func unboundPort(_ plan: String, _ kind: String, _ port: PlanPort) -> TenonError {
    TenonError("feed", "\(plan): \(kind) \(port) has no memory; bind it before the run")
  }
}
