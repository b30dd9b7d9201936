import Glibc

/// A dense array of numbers: an element type, known sizes and row-major bytes. A Sendable value.
public struct Tensor: Sendable {
  public let elementType: ElementType
  /// Sizes, outermost first.
  public let shape: [Int]
  public let storage: TensorStorage
  /// Where the first element lies in `storage`, in bytes.
  public let byteOffset: Int
  /// The elements of a `string` tensor, row-major; empty for other types.
  public let strings: [String]

  /// A tensor over bytes of `storage` from `byteOffset` on.
  ///
  /// - Throws: `tensor-size` where the sizes are negative or the bytes too few; `element-type` for
  ///   `string`, whose elements are no bytes.
  public init(
    _ elementType: ElementType, shape: [Int], storage: TensorStorage, byteOffset: Int = 0
  ) throws {
    guard elementType != .string else { throw TenonError.stringsFromBytes }
    let bytes = try Tensor.byteCount(elementType, shape: shape)
    guard byteOffset >= 0, byteOffset <= storage.byteCount, storage.byteCount - byteOffset >= bytes
    else {
      throw TenonError.storageTooSmall(
        elementType, shape: shape, needed: bytes, held: storage.byteCount - byteOffset)
    }
    self.init(trusted: elementType, shape: shape, storage: storage, byteOffset: byteOffset)
  }

  private init(
    trusted elementType: ElementType, shape: [Int], storage: TensorStorage, byteOffset: Int = 0,
    strings: [String] = []
  ) {
    self.elementType = elementType
    self.shape = shape
    self.storage = storage
    self.byteOffset = byteOffset
    self.strings = strings
  }

  /// Fresh zeroed storage that `fill` may write before the tensor is shared.
  ///
  /// - Throws: `tensor-size` for negative or absurd sizes, `memory` where there is not so much,
  ///   `element-type` for `string`, and what `fill` throws.
  public init(
    _ elementType: ElementType, shape: [Int],
    fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    guard elementType != .string else { throw TenonError.stringsFromBytes }
    let bytes = try Tensor.byteCount(elementType, shape: shape)
    guard let storage = TensorStorage(possible: bytes) else {
      throw TenonError.noMemory(elementType, shape: shape, byteCount: bytes)
    }
    try fill(UnsafeMutableRawBufferPointer(start: storage.bytes, count: bytes))
    self.init(trusted: elementType, shape: shape, storage: storage)
  }

  /// `elements` in row-major order under the given sizes.
  ///
  /// - Throws: `tensor-size` where the count is not the product of the sizes.
  public init<Element: TensorElement>(_ elements: [Element], shape: [Int]) throws {
    guard try Tensor.elementCount(shape) == elements.count else {
      throw TenonError.elementCount(shape: shape, given: elements.count)
    }
    try self.init(Element.elementType, shape: shape) { bytes in
      elements.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
  }

  /// A vector of `elements`.
  public init<Element: TensorElement>(_ elements: [Element]) {
    self = Tensor.certain { try Tensor(elements, shape: [elements.count]) }
  }

  /// A scalar.
  public init<Element: TensorElement>(_ element: Element) {
    self = Tensor.certain { try Tensor([element], shape: []) }
  }

  /// A tensor of strings.
  ///
  /// - Throws: `tensor-size` where the count is not the product of the sizes.
  public init(strings: [String], shape: [Int]) throws {
    guard try Tensor.elementCount(shape) == strings.count else {
      throw TenonError.elementCount(shape: shape, given: strings.count)
    }
    self.init(
      trusted: .string, shape: shape, storage: TensorStorage(byteCount: 0), strings: strings)
  }

  public var rank: Int { shape.count }
  public var elementCount: Int { RowMajor.count(shape) }
  public var byteCount: Int { elementCount * elementType.byteWidth }

  /// The elements' bytes, row-major, little-endian.
  public func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeRawBufferPointer(start: storage.bytes + byteOffset, count: byteCount))
  }

  /// The elements' bytes where they lie, at any address: nothing is copied to align them.
  package func withUnalignedBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeRawBufferPointer(start: storage.unalignedBytes + byteOffset, count: byteCount))
  }

  /// The elements in row-major order.
  ///
  /// - Throws: `element-type` where the tensor holds another type; convert first.
  public func scalars<Element: TensorElement>(as type: Element.Type = Element.self) throws
    -> [Element]
  {
    guard Element.elementType == elementType else {
      throw TenonError.elementType(asked: Element.elementType, held: elementType)
    }
    // A byte other than 0 and 1 is no Swift `Bool`.
    if Element.self == Bool.self {
      return withUnalignedBytes { bytes in bytes.map { $0 != 0 } } as! [Element]
    }
    return withUnalignedBytes { bytes in
      [Element](unsafeUninitializedCapacity: elementCount) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        count = elementCount
      }
    }
  }

  /// The only element.
  ///
  /// - Throws: `tensor-size` where there is not exactly one, `element-type` as `scalars(as:)`.
  public func scalar<Element: TensorElement>(as type: Element.Type = Element.self) throws
    -> Element
  {
    guard elementCount == 1 else { throw TenonError.notScalar(shape: shape) }
    return try scalars(as: type)[0]
  }

  /// The same elements under other sizes.
  ///
  /// - Throws: `tensor-size` where the element counts differ.
  public func reshaped(_ sizes: [Int]) throws -> Tensor {
    guard try Tensor.elementCount(sizes) == elementCount else {
      throw TenonError.elementCount(shape: sizes, given: elementCount)
    }
    return Tensor(
      trusted: elementType, shape: sizes, storage: storage, byteOffset: byteOffset,
      strings: strings)
  }

  /// True where type, sizes and every bit agree.
  public func isIdentical(to other: Tensor) -> Bool {
    guard elementType == other.elementType, shape == other.shape, strings == other.strings else {
      return false
    }
    return withUnalignedBytes { a in
      other.withUnalignedBytes { b in
        a.isEmpty || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0
      }
    }
  }

  private static func elementCount(_ shape: [Int]) throws -> Int {
    guard shape.allSatisfy({ $0 >= 0 }) else { throw TenonError.negativeSize(shape: shape) }
    let count = RowMajor.count(shape)
    guard count < 1 << 56 else { throw TenonError.absurdSize(shape: shape) }
    return count
  }

  package static func byteCount(_ elementType: ElementType, shape: [Int]) throws -> Int {
    let bytes = try elementCount(shape) * elementType.byteWidth
    guard bytes < 1 << 46 else { throw TenonError.absurdSize(shape: shape) }
    return bytes
  }

  /// The result of something that cannot fail for the arguments given.
  package static func certain<Result>(_ body: () throws -> Result) -> Result {
    do { return try body() } catch { preconditionFailure("internal: \(error)") }
  }
}
