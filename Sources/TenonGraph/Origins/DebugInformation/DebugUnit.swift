/// How the attributes of an entry of `.debug_info` are stored.
struct Abbreviation {
  var tag: UInt64
  var hasChildren: Bool
  var attributes: [(name: UInt64, form: UInt64)]
}

/// The header of one unit of `.debug_info`, and what its first entry says.
struct DebugUnit {
  var version: Int
  /// Offset of the first entry.
  var start: Int
  var end: Int
  var offsetSize: Int
  var addressSize: Int
  var abbreviations: [UInt64: Abbreviation]
  /// Offset of its unit in `.debug_line`.
  var lines: Int?
  var isSwift = false
  var name: String?
  var lowAddress: UInt64 = 0
  // Where the unit's own entries start in the tables of DWARF 5, by default after a header.
  var stringOffsetsBase = 8
  var addressBase = 8
  var rangeListsBase = 12
}

/// The value of an attribute, as far as it is read.
enum DebugValue {
  case number(UInt64)
  case text(String)
  case address(UInt64)
  case addressIndex(UInt64)
  case rangeIndex(UInt64)
}

/// Tags and attributes of DWARF 5 section 7.5, and one of LLVM.
enum DwarfName {
  static let inlinedSubroutineTag: UInt64 = 0x1D
  static let moduleTag: UInt64 = 0x1E

  static let name: UInt64 = 0x03
  static let lines: UInt64 = 0x10
  static let lowAddress: UInt64 = 0x11
  static let highAddress: UInt64 = 0x12
  static let language: UInt64 = 0x13
  static let ranges: UInt64 = 0x55
  static let callFile: UInt64 = 0x58
  static let callLine: UInt64 = 0x59
  static let stringOffsetsBase: UInt64 = 0x72
  static let addressBase: UInt64 = 0x73
  static let rangeListsBase: UInt64 = 0x74
  static let includePath: UInt64 = 0x3E00

  static let swift: UInt64 = 0x1E
}
