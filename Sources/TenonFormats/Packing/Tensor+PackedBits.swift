import TenonTensor

extension Tensor {
  /// The elements of a type under 8 bits in as few bytes as hold them, as files store them: a `u8`
  /// vector of `ceil(elementCount * bitWidth / 8)` bytes, the first element in the lowest bits.
  ///
  /// - Throws: `element-type` for types of 8 bits or more.
  public func packedBits() throws -> Tensor {
    let bits = elementType.bitWidth
    guard bits > 0, bits < 8 else { throw TenonError.notPacked(elementType) }
    let perByte = 8 / bits
    let mask = UInt8(1 << bits) - 1
    return try Tensor(.u8, shape: [(elementCount + perByte - 1) / perByte]) { packed in
      withUnsafeBytes { elements in
        for (index, element) in elements.enumerated() {
          packed[index / perByte] |= (element & mask) << UInt8(index % perByte * bits)
        }
      }
    }
  }

  /// A tensor of a type under 8 bits from what `packedBits()` gave.
  ///
  /// - Throws: `element-type` where `packed` is not `u8` or `type` has 8 bits or more;
  ///   `tensor-size` where the number of bytes is not the one that the sizes need, or unused
  ///   bits are not zero.
  public init(packedBits packed: Tensor, _ type: ElementType, shape: [Int]) throws {
    let bits = type.bitWidth
    guard bits > 0, bits < 8 else { throw TenonError.notPacked(type) }
    guard packed.elementType == .u8 else { throw TenonError.packedType(packed.elementType) }
    let perByte = 8 / bits
    let mask = UInt8(1 << bits) - 1
    let count = RowMajor.count(shape)
    guard shape.allSatisfy({ $0 >= 0 }), packed.elementCount == (count + perByte - 1) / perByte
    else { throw TenonError.packedCount(type, shape, held: packed.elementCount) }
    try self.init(type, shape: shape) { elements in
      try packed.withUnsafeBytes { bytes in
        for index in 0..<count {
          elements[index] = bytes[index / perByte] >> UInt8(index % perByte * bits) & mask
        }
        let used = count % perByte * bits
        if used > 0, bytes[bytes.count - 1] >> UInt8(used) != 0 {
          throw TenonError.packedPadding(type, shape)
        }
      }
    }
  }
}
