/// How an attribute is stored: the numbers of DWARF 5 section 7.5.6.
enum DwarfForm {
  static let address: UInt64 = 0x01
  static let data2: UInt64 = 0x05
  static let data4: UInt64 = 0x06
  static let data8: UInt64 = 0x07
  static let string: UInt64 = 0x08
  static let data1: UInt64 = 0x0B
  static let stringOffset: UInt64 = 0x0E
  static let unsigned: UInt64 = 0x0F
  static let indirect: UInt64 = 0x16
  static let sectionOffset: UInt64 = 0x17
  static let stringIndex: UInt64 = 0x1A
  static let addressIndex: UInt64 = 0x1B
  static let lineStringOffset: UInt64 = 0x1F
  static let implicitConstant: UInt64 = 0x21
  static let rangeListIndex: UInt64 = 0x23
  static let stringIndex1: UInt64 = 0x25
  static let stringIndex4: UInt64 = 0x28
  static let addressIndex1: UInt64 = 0x29
  static let addressIndex4: UInt64 = 0x2C

  /// Moves past a value; past the end for a form that is not known.
  static func skip(
    _ form: UInt64, _ reader: inout ByteReader, offsetSize: Int, addressSize: Int
  ) {
    switch form {
    case address: reader.skip(addressSize)
    case data1, 0x0C, 0x11, stringIndex1, addressIndex1: reader.skip(1)
    case data2, 0x12, 0x26, 0x2A: reader.skip(2)
    case 0x27, 0x2B: reader.skip(3)
    case data4, 0x13, 0x1C, stringIndex4, addressIndex4: reader.skip(4)
    case data8, 0x14, 0x20, 0x24: reader.skip(8)
    case 0x1E: reader.skip(16)
    case string: reader.skipString()
    case 0x03: reader.skip(reader.half())
    case 0x04: reader.skip(reader.word())
    case 0x09, 0x18: reader.skip(reader.countLEB())
    case 0x0A: reader.skip(Int(reader.byte()))
    case 0x0D, unsigned, 0x15, stringIndex, addressIndex, 0x22, rangeListIndex:
      _ = reader.unsignedLEB()
    case stringOffset, 0x10, sectionOffset, 0x1D, lineStringOffset: reader.skip(offsetSize)
    case 0x19, implicitConstant: break
    default: reader.skip(.max)
    }
  }
}
