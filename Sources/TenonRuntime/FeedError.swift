import TenonTensor

extension TenonError {
  static func inputCount(_ plan: String, _ inputs: [PlanPort], given: Int) -> TenonError {
    TenonError(
      "feed", "\(plan): takes \(inputs.count) inputs, given \(given)",
      details: portLines("inputs", inputs))
  }

  static func unknownInput(_ plan: String, _ inputs: [PlanPort], _ name: String) -> TenonError {
    TenonError(
      "feed", "\(plan): no input is called `\(name)`", details: portLines("inputs", inputs))
  }

  static func missingInput(_ plan: String, _ port: PlanPort) -> TenonError {
    TenonError("feed", "\(plan): input \(port.name) is missing; feed \(port)")
  }

  private static func portLines(_ kind: String, _ ports: [PlanPort]) -> [String] {
    let list = ports.map(\.description).joined(separator: ", ")
    return ["\(kind): " + (ports.isEmpty ? "none" : list)]
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

  static var stringOutputBuffer: TenonError {
    TenonError("element-type", "output buffer: strings have no bytes; run without buffers")
  }

  static func outputBufferTooSmall(
    _ element: ElementType, shape: [Int], needed: Int, given: Int
  ) -> TenonError {
    TenonError(
      "tensor-size",
      "output buffer: \(element)\(Shape(shape)) needs \(needed) bytes, given \(given)")
  }

  static func outputCount(_ plan: String, _ outputs: [PlanPort], given: Int) -> TenonError {
    TenonError(
      "feed", "\(plan): gives \(outputs.count) outputs, given \(given) buffers",
      details: portLines("outputs", outputs))
  }

  static func unknownOutput(_ plan: String, _ outputs: [PlanPort], _ name: String) -> TenonError {
    TenonError(
      "feed", "\(plan): no output is called `\(name)`", details: portLines("outputs", outputs))
  }

  static func missingOutput(_ plan: String, _ port: PlanPort) -> TenonError {
    TenonError("feed", "\(plan): the buffer of output \(port.name) is missing; give \(port)")
  }

  static func outputType(_ plan: String, _ port: PlanPort, given: OutputBuffer) -> TenonError {
    TenonError(
      "feed",
      "\(plan): output \(port.name) is \(port.elementType), given a buffer of "
        + "\(given.elementType)\(Shape(given.shape))")
  }

  static func outputShape(
    _ plan: String, _ port: PlanPort, needed: [Int], given: OutputBuffer
  ) -> TenonError {
    TenonError(
      "feed",
      "\(plan): output \(port) is \(Shape(needed)) in this run, given a buffer of "
        + "\(Shape(given.shape))")
  }

  static func outputSizeOfTheRun(_ plan: String, _ port: PlanPort) -> TenonError {
    TenonError(
      "feed",
      "\(plan): only the run can tell the sizes of output \(port); run without buffers")
  }

  static func outputOverlaps(_ plan: String, _ port: PlanPort, _ other: String) -> TenonError {
    TenonError(
      "feed", "\(plan): the buffer of output \(port.name) shares memory with \(other)")
  }

  static func unboundPort(_ plan: String, _ kind: String, _ port: PlanPort) -> TenonError {
    TenonError("feed", "\(plan): \(kind) \(port) has no memory; bind it before the run")
  }
}
