import TenonTensor

/// Memory of the caller's that a run writes an output to, instead of memory made for it.
public struct OutputBuffer {
  public let elementType: ElementType
  /// Sizes, outermost first; those that the output has in the run.
  public let shape: [Int]
  /// Row-major elements; only as many bytes as `shape` needs are written.
  public let bytes: UnsafeMutableRawBufferPointer

  /// - Throws: `tensor-size` where the sizes are negative or the bytes too few, `element-type` for
  ///   `string`, whose elements are no bytes.
  public init(
    _ elementType: ElementType, shape: [Int], bytes: UnsafeMutableRawBufferPointer
  ) throws {
    guard elementType != .string else { throw TenonError.stringOutputBuffer }
    let needed = try Tensor.byteCount(elementType, shape: shape)
    guard bytes.count >= needed else {
      throw TenonError.outputBufferTooSmall(
        elementType, shape: shape, needed: needed, given: bytes.count)
    }
    self.elementType = elementType
    self.shape = shape
    self.bytes = UnsafeMutableRawBufferPointer(start: bytes.baseAddress, count: needed)
  }

  /// Elements of a Swift type in row-major order under the given sizes.
  ///
  /// - Throws: `tensor-size` where the sizes are negative or the elements too few.
  public init<T: TensorElement>(
    _ elements: UnsafeMutableBufferPointer<T>, shape: [Int]
  ) throws {
    try self.init(T.elementType, shape: shape, bytes: UnsafeMutableRawBufferPointer(elements))
  }

  /// True where some byte lies in both.
  func overlaps(_ start: UnsafeRawPointer, byteCount: Int) -> Bool {
    guard let own = bytes.baseAddress, !bytes.isEmpty, byteCount > 0 else { return false }
    return UnsafeRawPointer(own) < start + byteCount && start < UnsafeRawPointer(own) + bytes.count
  }

  /// - Throws: `feed` where the type differs, the memory is also `inputs`' or that of another
  ///   output. Sizes are checked when they are known.
  static func check(
    _ buffers: [OutputBuffer], _ plan: String, _ outputs: [PlanPort], _ inputs: [PlanPort],
    given: [Tensor]
  ) throws {
    guard buffers.count == outputs.count else {
      throw TenonError.outputCount(plan, outputs, given: buffers.count)
    }
    for (index, buffer) in buffers.enumerated() {
      let port = outputs[index]
      guard buffer.elementType == port.elementType else {
        throw TenonError.outputType(plan, port, given: buffer)
      }
      for (input, tensor) in given.enumerated()
      where buffer.overlaps(
        tensor.storage.bytes + tensor.byteOffset, byteCount: tensor.byteCount)
      {
        throw TenonError.outputOverlaps(plan, port, "input \(inputs[input].name)")
      }
      for other in 0..<index {
        let bytes = buffers[other].bytes
        guard let start = bytes.baseAddress else { continue }
        if buffer.overlaps(start, byteCount: bytes.count) {
          throw TenonError.outputOverlaps(plan, port, "output \(outputs[other].name)")
        }
      }
    }
  }
}

extension Executable {
  /// Runs once and copies the results to memory of the caller's.
  public func run(
    _ inputs: [Tensor], into buffers: [OutputBuffer], options: RunOptions
  ) throws {
    try OutputBuffer.check(buffers, name, outputs, self.inputs, given: inputs)
    let results = try run(inputs, options: options)
    for (index, (result, buffer)) in zip(results, buffers).enumerated() {
      guard result.shape == buffer.shape else {
        throw TenonError.outputShape(name, outputs[index], needed: result.shape, given: buffer)
      }
    }
    for (result, buffer) in zip(results, buffers) {
      result.withUnsafeBytes { buffer.bytes.copyMemory(from: $0) }
    }
  }

  /// Runs once and writes the results to memory of the caller's; inputs are in the order of
  /// `inputs`, buffers in that of `outputs`.
  public func run(_ inputs: [Tensor], into buffers: [OutputBuffer]) throws {
    try run(inputs, into: buffers, options: RunOptions())
  }

  /// Runs once with inputs by name and writes the results to memory of the caller's, by name too.
  ///
  /// - Throws: `feed` where a name is unknown or missing, and what the run throws.
  public func run(
    _ inputs: [String: Tensor], into buffers: [String: OutputBuffer],
    options: RunOptions = RunOptions()
  ) throws {
    let unknown = buffers.keys.sorted().first { name in !outputs.contains { $0.name == name } }
    if let unknown { throw TenonError.unknownOutput(name, outputs, unknown) }
    let places = try outputs.map { port in
      guard let buffer = buffers[port.name] else { throw TenonError.missingOutput(name, port) }
      return buffer
    }
    try run(try ordered(inputs), into: places, options: options)
  }
}
