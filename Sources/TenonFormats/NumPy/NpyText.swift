import TenonTensor

/// NumPy's fixed-width text and `string` tensors.
enum NpyText {
  /// The most characters of an element.
  static let mostCharacters = 1 << 28

  /// The strings of a file, without the zeros that pad them.
  ///
  /// - Throws: `npy` where bytes are not UTF-8 or numbers are no Unicode characters.
  static func strings(_ header: NpyHeader, source: ByteSource) throws -> [String] {
    let bytes = try source.copy(header.data)
    let width = header.type.byteWidth
    return try (0..<bytes.count / width).map { index in
      let element = bytes[index * width..<(index + 1) * width]
      guard case .unicode(_, let bigEndian) = header.type else {
        let end = element.lastIndex { $0 != 0 }.map { $0 + 1 } ?? element.startIndex
        guard let text = String(validating: element[..<end], as: UTF8.self) else {
          throw NpyMistake.error(source.name, .textNotUTF8(index))
        }
        return text
      }
      var scalars: [Unicode.Scalar] = []
      for start in stride(from: element.startIndex, to: element.endIndex, by: 4) {
        let stored: UInt32 = bytes.littleEndian(at: start)
        guard let scalar = Unicode.Scalar(bigEndian ? stored.byteSwapped : stored) else {
          throw NpyMistake.error(source.name, .badCharacter(index))
        }
        scalars.append(scalar)
      }
      while scalars.last == "\0" { scalars.removeLast() }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      return String(text)
    }
  }

  /// The number of characters of the longest string, at least 1, and all strings padded to it, as
  /// `u32`.
  ///
  /// - Throws: `element-type` where NumPy could not give a string back, or one is absurdly long.
  static func characters(
    _ tensor: Tensor, called subject: String, file: String
  ) throws -> (length: Int, Tensor) {
    var length = 1
    for (index, string) in tensor.strings.enumerated() {
      if string.unicodeScalars.last == "\0" {
        throw TenonError.zeroAtEnd(file, called: subject, index: index)
      }
      length = max(length, string.unicodeScalars.count)
    }
    guard length <= mostCharacters, length * tensor.strings.count < 1 << 40 else {
      throw TenonError.absurdText(file, called: subject)
    }
    let characters = try Tensor(.u32, shape: [tensor.strings.count, length]) { buffer in
      for (row, string) in tensor.strings.enumerated() {
        for (column, scalar) in string.unicodeScalars.enumerated() {
          buffer.storeBytes(
            of: scalar.value.littleEndian, toByteOffset: 4 * (row * length + column),
            as: UInt32.self)
        }
      }
    }
    return (length, characters)
  }
}
