@testable import TenonGraph

/// Bytes of a section, written number by number.
struct Assembly {
  var bytes: [UInt8] = []

  mutating func number(_ value: UInt64, size: Int) {
    for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
  }
  mutating func byte(_ values: UInt8...) { bytes += values }
  mutating func half(_ value: Int) { number(UInt64(value), size: 2) }
  mutating func word(_ value: Int) { number(UInt64(value), size: 4) }
  mutating func long(_ value: UInt64) { number(value, size: 8) }
  mutating func string(_ text: String) { bytes += Array(text.utf8) + [0] }

  mutating func unsignedLEB(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(value & 0x7F) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  mutating func signedLEB(_ value: Int64) {
    var value = value
    while true {
      let low = UInt8(truncatingIfNeeded: value) & 0x7F
      value >>= 7
      if value == 0 && low & 0x40 == 0 || value == -1 && low & 0x40 != 0 {
        bytes.append(low)
        return
      }
      bytes.append(low | 0x80)
    }
  }

  /// A length, then what `body` writes.
  mutating func sized(is64Bit: Bool = false, _ body: (inout Assembly) -> Void) {
    var inner = Assembly()
    body(&inner)
    if is64Bit {
      word(0xFFFF_FFFF)
      long(UInt64(inner.bytes.count))
    } else {
      word(inner.bytes.count)
    }
    bytes += inner.bytes
  }
}

/// A unit of `.debug_line` with the files `/src/Hello/main.swift`, `Nested/Model.swift` and
/// `<compiler-generated>`, 1 to 3, whose program is what `program` writes. Lines advance by -3 to
/// 8 and addresses by 0 to 20 in one byte; opcode 13 is not standard and takes two operands.
func lineUnit(
  version: Int, is64Bit: Bool = false, _ program: (inout Assembly) -> Void
) -> [UInt8] {
  var section = Assembly()
  let offsetSize = is64Bit ? 8 : 4
  section.sized(is64Bit: is64Bit) { unit in
    unit.half(version)
    if version >= 5 { unit.byte(8, 0) }
    var header = Assembly()
    header.byte(1)
    if version >= 4 { header.byte(1) }
    header.byte(1, UInt8(bitPattern: -3), 12, 14)
    header.byte(0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 2)
    if version >= 5 {
      header.byte(1, 1, 0x08)
      header.byte(3)
      for folder in ["/build", "/src/Hello", "Nested"] { header.string(folder) }
      header.byte(3, 1, 0x1F, 2, 0x0B, 5, 0x1E)
      header.byte(4)
      for (name, folder) in [(0, 1), (0, 1), (11, 2), (23, 0)] as [(UInt64, UInt8)] {
        header.number(name, size: offsetSize)
        header.byte(folder)
        header.bytes += Array(repeating: 7, count: 16)
      }
    } else {
      for folder in ["/src/Hello", "Nested", ""] { header.string(folder) }
      let files: [(String, UInt8)] = [
        ("main.swift", 1), ("Model.swift", 2), ("<compiler-generated>", 0),
      ]
      for (name, folder) in files {
        header.string(name)
        header.byte(folder, 0, 0)
      }
      header.byte(0)
    }
    unit.number(UInt64(header.bytes.count), size: offsetSize)
    unit.bytes += header.bytes
    program(&unit)
  }
  return section.bytes
}

/// The `.debug_line_str` of `lineUnit`.
let lineStrings: [UInt8] = Array("main.swift\0Model.swift\0<compiler-generated>\0".utf8)

extension Assembly {
  mutating func setAddress(_ address: UInt64) {
    byte(0, 9, 2)
    long(address)
  }
  mutating func endSequence() { byte(0, 1, 1) }
  /// A row after an advance of both registers.
  mutating func row(address: UInt64, line: Int64) {
    byte(2)
    unsignedLEB(address)
    byte(3)
    signedLEB(line)
    byte(1)
  }
}

/// A small ELF file of sections, given by name, type, link and content; the names come last.
func elfFile(_ sections: [(name: String, type: UInt64, link: Int, bytes: [UInt8])]) -> [UInt8] {
  var names = Assembly()
  names.byte(0)
  var table = Assembly()
  table.bytes = Array(repeating: 0, count: 64)
  var file = Assembly()
  file.bytes = Array(repeating: 0, count: 64)
  let all = sections + [(".shstrtab", 3, 0, [])]
  for section in all {
    table.word(names.bytes.count)
    names.string(section.name)
    let bytes = section.name == ".shstrtab" ? names.bytes : section.bytes
    table.number(section.type, size: 4)
    table.long(0)
    table.long(0)
    table.long(UInt64(file.bytes.count))
    table.long(UInt64(bytes.count))
    table.word(section.link)
    table.bytes += Array(repeating: 0, count: 20)
    file.bytes += bytes
  }
  let tableOffset = UInt64(file.bytes.count)
  file.bytes += table.bytes
  var header = Assembly()
  header.byte(0x7F, 0x45, 0x4C, 0x46, 2, 1, 1)
  header.bytes += Array(repeating: 0, count: 0x28 - 7)
  header.long(tableOffset)
  header.bytes += Array(repeating: 0, count: 0x3A - 0x30)
  header.half(64)
  header.half(all.count + 1)
  header.half(all.count)
  file.bytes.replaceSubrange(0..<64, with: header.bytes)
  return file.bytes
}
