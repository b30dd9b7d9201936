import TenonTensor

extension Tensor {
  /// The strings of a `string` tensor as files store them: a `u8` vector of the UTF-8 text of a
  /// JSON array, in row-major order.
  ///
  /// - Throws: `element-type` where the tensor holds no strings.
  public func stringBytes() throws -> Tensor {
    guard elementType == .string else {
      throw TenonError.notStrings(elementType)
    }
    return Tensor(JSON.array(strings.map { .string($0) }).utf8())
  }

  /// A `string` tensor from what `stringBytes()` gave.
  ///
  /// - Throws: `element-type` where `bytes` is not `u8`; `json` where they are no JSON array of
  ///   strings; `tensor-size` where their number is not the product of the sizes.
  public init(stringBytes bytes: Tensor, shape: [Int]) throws {
    guard bytes.elementType == .u8 else { throw TenonError.packedType(bytes.elementType) }
    let json = try JSON(parsing: bytes.scalars(as: UInt8.self), name: "strings")
    guard let elements = json.array else { throw TenonError.stringsKind(json.kind) }
    let strings = try elements.map { element in
      guard let string = element.string else { throw TenonError.stringsKind(element.kind) }
      return string
    }
    try self.init(strings: strings, shape: shape)
  }
}
