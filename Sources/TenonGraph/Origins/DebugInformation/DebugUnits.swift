/// The units of `.debug_info` that Swift compiled, and their entries.
struct DebugUnits {
  struct Sections {
    var information: [UInt8]
    var abbreviations: [UInt8]
    var strings: [UInt8] = []
    var lineStrings: [UInt8] = []
    var stringOffsets: [UInt8] = []
    var addresses: [UInt8] = []
    var ranges: [UInt8] = []
    var rangeLists: [UInt8] = []
  }

  let sections: Sections
  private(set) var units: [DebugUnit] = []
  private var tables: [Int: [UInt64: Abbreviation]] = [:]
  /// Entries still read before giving up: malformed sections could ask for any number.
  private var budget = 20_000_000

  /// Nil for a file without debug information.
  init?(_ file: ElfFile) {
    guard let information = file.bytes(ofSection: ".debug_info"),
      let abbreviations = file.bytes(ofSection: ".debug_abbrev")
    else { return nil }
    self.init(
      Sections(
        information: information, abbreviations: abbreviations,
        strings: file.bytes(ofSection: ".debug_str") ?? [],
        lineStrings: file.bytes(ofSection: ".debug_line_str") ?? [],
        stringOffsets: file.bytes(ofSection: ".debug_str_offsets") ?? [],
        addresses: file.bytes(ofSection: ".debug_addr") ?? [],
        ranges: file.bytes(ofSection: ".debug_ranges") ?? [],
        rangeLists: file.bytes(ofSection: ".debug_rnglists") ?? []))
  }

  init(_ sections: Sections) {
    self.sections = sections
    readUnits()
  }

  private mutating func readUnits() {
    var reader = ByteReader(sections.information)
    while !reader.isAtEnd, budget > 0 {
      var length = reader.word()
      var offsetSize = 4
      if length == 0xFFFF_FFFF {
        length = reader.offset(size: 8)
        offsetSize = 8
      }
      guard !reader.isPastEnd, length > 0, length <= reader.end - reader.position else { return }
      let end = reader.position + length
      let version = reader.half()
      var kind = 1
      var addressSize = 8
      let abbreviations: Int
      if version >= 5 {
        kind = Int(reader.byte())
        addressSize = Int(reader.byte())
        abbreviations = reader.offset(size: offsetSize)
      } else {
        abbreviations = reader.offset(size: offsetSize)
        addressSize = Int(reader.byte())
      }
      if (2...5).contains(version), kind == 1, !reader.isPastEnd {
        var unit = DebugUnit(
          version: version, start: reader.position, end: end, offsetSize: offsetSize,
          addressSize: addressSize, abbreviations: table(at: abbreviations))
        readRoot(&unit)
        if unit.isSwift { units.append(unit) }
      }
      reader.seek(to: end)
    }
  }

  private mutating func readRoot(_ unit: inout DebugUnit) {
    var reader = ByteReader(sections.information, from: unit.start, to: unit.end)
    guard let root = unit.abbreviations[reader.unsignedLEB()] else { return }
    func offset(_ value: DebugValue?) -> Int? {
      if case .number(let number)? = value { return Int(exactly: number) }
      return nil
    }
    let start = reader
    // The bases come first: other attributes are indices that count from them.
    var values = self.values(root, unit, &reader)
    unit.stringOffsetsBase =
      offset(values[DwarfName.stringOffsetsBase]) ?? unit.stringOffsetsBase
    unit.addressBase = offset(values[DwarfName.addressBase]) ?? unit.addressBase
    unit.rangeListsBase = offset(values[DwarfName.rangeListsBase]) ?? unit.rangeListsBase
    reader = start
    values = self.values(root, unit, &reader)
    if case .number(DwarfName.swift)? = values[DwarfName.language] { unit.isSwift = true }
    unit.lines = offset(values[DwarfName.lines])
    unit.lowAddress = address(values[DwarfName.lowAddress], unit) ?? 0
    if case .text(let name)? = values[DwarfName.name] { unit.name = name }
  }

  /// Calls `visit` with each entry below the unit's first one, in order: its depth, from 1, its
  /// abbreviation and a reader at its attributes, which `visit` must move past them. Ends when
  /// `visit` returns false, or where the entries are malformed.
  mutating func forEachEntry(
    of unit: DebugUnit,
    _ visit: (Int, Abbreviation, inout ByteReader, borrowing DebugUnits) -> Bool
  ) {
    var reader = ByteReader(sections.information, from: unit.start, to: unit.end)
    var depth = 0
    while !reader.isAtEnd, budget > 0 {
      let code = reader.unsignedLEB()
      if code == 0 {
        depth -= 1
        if depth <= 0 { return }
        continue
      }
      guard let entry = unit.abbreviations[code] else { return }
      budget -= 1 + entry.attributes.count
      if depth == 0 {
        skip(entry, unit, &reader)
      } else if !visit(depth, entry, &reader, self) {
        return
      }
      if entry.hasChildren { depth += 1 }
      if depth == 0 { return }
    }
  }

  /// Moves past the attributes of an entry.
  func skip(_ entry: Abbreviation, _ unit: DebugUnit, _ reader: inout ByteReader) {
    for (_, form) in entry.attributes { skip(form, unit, &reader) }
  }

  private func skip(_ form: UInt64, _ unit: DebugUnit, _ reader: inout ByteReader) {
    var form = form
    while form == DwarfForm.indirect, !reader.isPastEnd { form = reader.unsignedLEB() }
    DwarfForm.skip(
      form, &reader, offsetSize: unit.offsetSize, addressSize: unit.addressSize)
  }

  /// The attributes of an entry, by name.
  func values(
    _ entry: Abbreviation, _ unit: DebugUnit, _ reader: inout ByteReader
  ) -> [UInt64: DebugValue] {
    var values: [UInt64: DebugValue] = [:]
    for (name, form) in entry.attributes { values[name] = value(form, unit, &reader) }
    return values
  }

  private func value(
    _ form: UInt64, _ unit: DebugUnit, _ reader: inout ByteReader
  ) -> DebugValue? {
    switch form {
    case DwarfForm.string: return .text(reader.string())
    case DwarfForm.stringOffset: return text(sections.strings, unit, &reader)
    case DwarfForm.lineStringOffset: return text(sections.lineStrings, unit, &reader)
    case DwarfForm.stringIndex: return text(atIndex: reader.unsignedLEB(), unit)
    case DwarfForm.stringIndex1...DwarfForm.stringIndex4:
      let size = Int(form - DwarfForm.stringIndex1) + 1
      return text(atIndex: reader.number(size: size), unit)
    case DwarfForm.data1: return .number(reader.number(size: 1))
    case DwarfForm.data2: return .number(reader.number(size: 2))
    case DwarfForm.data4: return .number(reader.number(size: 4))
    case DwarfForm.data8: return .number(reader.number(size: 8))
    case DwarfForm.unsigned: return .number(reader.unsignedLEB())
    case DwarfForm.sectionOffset: return .number(reader.number(size: unit.offsetSize))
    case DwarfForm.address: return .address(reader.number(size: unit.addressSize))
    case DwarfForm.addressIndex: return .addressIndex(reader.unsignedLEB())
    case DwarfForm.addressIndex1...DwarfForm.addressIndex4:
      return .addressIndex(reader.number(size: Int(form - DwarfForm.addressIndex1) + 1))
    case DwarfForm.rangeListIndex: return .rangeIndex(reader.unsignedLEB())
    default:
      skip(form, unit, &reader)
      return nil
    }
  }

  private func text(
    _ section: [UInt8], _ unit: DebugUnit, _ reader: inout ByteReader
  ) -> DebugValue? {
    var text = ByteReader(section, from: reader.offset(size: unit.offsetSize))
    return text.isPastEnd ? nil : .text(text.string())
  }

  private func text(atIndex index: UInt64, _ unit: DebugUnit) -> DebugValue? {
    let size = unit.offsetSize
    guard
      let position = Self.position(unit.stringOffsetsBase, index, size, in: sections.stringOffsets)
    else { return nil }
    var offsets = ByteReader(sections.stringOffsets, from: position)
    return text(sections.strings, unit, &offsets)
  }

  /// The address that an attribute gives.
  func address(_ value: DebugValue?, _ unit: DebugUnit) -> UInt64? {
    switch value {
    case .address(let address): return address
    case .addressIndex(let index):
      let size = unit.addressSize
      guard let position = Self.position(unit.addressBase, index, size, in: sections.addresses)
      else { return nil }
      var reader = ByteReader(sections.addresses, from: position)
      let address = reader.number(size: size)
      return reader.isPastEnd ? nil : address
    default: return nil
    }
  }

  /// Where entry `index` of a table starts; nil where the section has no such entry.
  static func position(_ base: Int, _ index: UInt64, _ size: Int, in section: [UInt8]) -> Int? {
    guard base >= 0, base <= section.count, index < UInt64(section.count) else { return nil }
    let position = base + Int(index) * size
    return position < section.count ? position : nil
  }

  private mutating func table(at offset: Int) -> [UInt64: Abbreviation] {
    if let known = tables[offset] { return known }
    var table: [UInt64: Abbreviation] = [:]
    var reader = ByteReader(sections.abbreviations, from: offset)
    while case let code = reader.unsignedLEB(), code != 0, budget > 0 {
      let tag = reader.unsignedLEB()
      let hasChildren = reader.byte() != 0
      var attributes: [(name: UInt64, form: UInt64)] = []
      while case let (name, form) = (reader.unsignedLEB(), reader.unsignedLEB()),
        name != 0 || form != 0
      {
        if form == DwarfForm.implicitConstant { _ = reader.signedLEB() }
        attributes.append((name, form))
      }
      budget -= 1 + attributes.count
      table[code] = Abbreviation(tag: tag, hasChildren: hasChildren, attributes: attributes)
    }
    tables[offset] = table
    return table
  }
}
