extension Tensor: CustomStringConvertible {
  /// The elements in nested brackets, as NumPy prints them: past 1,000 elements, only the first and
  /// last three along each axis.
  public var description: String { "\(elementType)\(Shape(shape)) \(nested())" }

  /// `f32[2, 3]`.
  public var typeDescription: String { "\(elementType)\(Shape(shape))" }

  /// The nested brackets alone, elided above `threshold` elements to `edge` at each end.
  public func nested(threshold: Int = 1000, edge: Int = 3) -> String {
    if elementCount == 0 { return "[]" }
    let strides = RowMajor.strides(shape)
    let elide = elementCount > threshold
    func positions(_ size: Int) -> [Int?] {
      guard elide, size > 2 * edge else { return (0..<size).map { $0 } }
      return (0..<edge).map { $0 } + [nil] + (size - edge..<size).map { $0 }
    }
    func text(axis: Int, offset: Int) -> String {
      guard axis < rank else { return elementText(at: offset) }
      let separator =
        axis == rank - 1
        ? ", "
        : "," + String(repeating: "\n", count: rank - 1 - axis)
          + String(repeating: " ", count: axis + 1)
      let parts = positions(shape[axis]).map { position in
        position.map { text(axis: axis + 1, offset: offset + $0 * strides[axis]) } ?? "..."
      }
      return "[" + parts.joined(separator: separator) + "]"
    }
    return text(axis: 0, offset: 0)
  }

  /// One element as text: integers and booleans plain, strings in quotes, floats as the shortest
  /// decimal that reads back (as f32 for the types narrower than f16).
  public func elementText(at index: Int) -> String {
    if elementType == .string { return strings[index].debugDescription }
    let one = TensorStorage(byteCount: elementType.byteWidth)
    withUnalignedBytes { bytes in
      one.bytes.copyMemory(
        from: bytes.baseAddress! + index * elementType.byteWidth, byteCount: elementType.byteWidth)
    }
    let element = Tensor.certain { try Tensor(elementType, shape: [], storage: one) }
    if elementType.isFloat, Tensor.certain({ try element.doubles()[0].isNaN }) { return "nan" }
    return Tensor.certain {
      switch elementType {
      case .bool: try element.scalar(as: Bool.self) ? "true" : "false"
      case .f32: "\(try element.scalar(as: Float.self))"
      case .f16: "\(try element.scalar(as: Float16.self))"
      case .f64: "\(try element.scalar(as: Double.self))"
      case .u64: "\(try element.scalar(as: UInt64.self))"
      case .complex64: complexText(one.bytes.load(as: (Float, Float).self))
      case .complex128: complexText(one.bytes.load(as: (Double, Double).self))
      case _ where elementType.isFloat: "\(Float(try element.doubles()[0]))"
      default: "\(try element.integers()[0])"
      }
    }
  }

  private func complexText<Part: BinaryFloatingPoint>(_ parts: (Part, Part)) -> String {
    "\(parts.0)" + (parts.1.sign == .minus ? "-" : "+") + "\(parts.1.magnitude)i"
  }
}
