import TenonTensor

/// The bytes that a reader parses: a file, or an array in memory.
package struct ByteSource: Sendable {
  private enum Bytes: Sendable {
    case file(MappedFile)
    case memory([UInt8])
  }

  private let bytes: Bytes
  /// How messages call it: the path of a file.
  package let name: String

  /// - Throws: `file-read` as `MappedFile`.
  package init(path: String) throws {
    bytes = .file(try MappedFile(path: path))
    name = path
  }

  package init(_ bytes: [UInt8], name: String) {
    self.bytes = .memory(bytes)
    self.name = name
  }

  package var count: Int {
    switch bytes {
    case .file(let file): file.byteCount
    case .memory(let array): array.count
    }
  }

  /// Fills `buffer` with the bytes from `offset` on, which must lie within `count`.
  ///
  /// - Throws: `file-read` where a file has become shorter or reading fails.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    switch bytes {
    case .file(let file): try file.read(at: offset, into: buffer)
    case .memory(let array):
      array.withUnsafeBytes { all in
        buffer.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: all[offset..<offset + buffer.count]))
      }
    }
  }

  /// A copy of the bytes of `range`, which must lie within `count`.
  ///
  /// - Throws: as `read`.
  package func copy(_ range: Range<Int>) throws -> [UInt8] {
    if case .memory(let array) = bytes { return Array(array[range]) }
    return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      try read(
        at: range.lowerBound,
        into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: range.count))
      count = range.count
    }
  }

  /// A tensor of the bytes from `offset` on, lent from a file's mapping where `mayBorrow`, else
  /// copied. Bytes of `bool` other than 0 become 1.
  ///
  /// - Throws: as `read`, and `file-read` where the file has changed.
  package func tensor(
    _ type: ElementType, shape: [Int], at offset: Int, mayBorrow: Bool
  ) throws -> Tensor {
    let count = RowMajor.count(shape) * type.byteWidth
    if case .file(let file) = bytes, mayBorrow, type != .bool {
      let storage = try file.storage(offset..<offset + count, alignment: min(type.byteWidth, 8))
      return try Tensor(type, shape: shape, storage: storage)
    }
    return try Tensor(type, shape: shape) { buffer in
      try read(at: offset, into: buffer)
      if type == .bool {
        for index in buffer.indices where buffer[index] > 1 { buffer[index] = 1 }
      }
    }
  }
}

extension [UInt8] {
  /// The integer in the bytes from `offset` on, least significant first.
  package func littleEndian<Integer: FixedWidthInteger>(
    _ type: Integer.Type = Integer.self, at offset: Int
  ) -> Integer {
    withUnsafeBytes { Integer(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
  }

  /// Appends an integer, least significant byte first.
  package mutating func append<Integer: FixedWidthInteger>(littleEndian value: Integer) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
