/// A cyclic redundancy check of 32 bits, least significant bit first, initial value and final
/// exclusive-or all ones.
package struct CRC: Sendable {
  /// That of zip and gzip: polynomial 0x04C11DB7 (ISO 3309).
  package static let iso = CRC(reversedPolynomial: 0xEDB8_8320)
  /// CRC32C, that of TFRecord: polynomial 0x1EDC6F41 (Castagnoli).
  package static let castagnoli = CRC(reversedPolynomial: 0x82F6_3B78)

  /// Eight tables of 256: the check of a byte followed by 0 to 7 zero bytes.
  private let tables: [UInt32]

  private init(reversedPolynomial polynomial: UInt32) {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
      tables[byte] = value
    }
    for index in 256..<8 * 256 {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
    }
    self.tables = tables
  }

  /// The check of what gave `start` followed by `bytes`; 0 is the check of nothing.
  package func checksum(_ bytes: UnsafeRawBufferPointer, after start: UInt32 = 0) -> UInt32 {
    tables.withUnsafeBufferPointer { tables in
      var value = ~start
      var index = 0
      while bytes.count - index >= 8 {
        let low =
          UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)) ^ value
        let high = UInt32(
          littleEndian: bytes.loadUnaligned(fromByteOffset: index + 4, as: UInt32.self))
        value = tables[7 * 256 + Int(low & 0xFF)] ^ tables[6 * 256 + Int(low >> 8 & 0xFF)]
        value ^= tables[5 * 256 + Int(low >> 16 & 0xFF)] ^ tables[4 * 256 + Int(low >> 24)]
        value ^= tables[3 * 256 + Int(high & 0xFF)] ^ tables[2 * 256 + Int(high >> 8 & 0xFF)]
        value ^= tables[256 + Int(high >> 16 & 0xFF)] ^ tables[Int(high >> 24)]
        index += 8
      }
      while index < bytes.count {
        value = value >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: value) ^ bytes[index])]
        index += 1
      }
      return ~value
    }
  }

  package func checksum(_ bytes: [UInt8], after start: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBytes { checksum($0, after: start) }
  }
}
