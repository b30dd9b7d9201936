/// The Swift module that each unit of `.debug_line` was compiled in, from `.debug_info`.
struct ModuleNames {
  private struct Abbreviation {
    var tag: UInt64
    var hasChildren: Bool
    var attributes: [(name: UInt64, form: UInt64)]
  }

  private enum Value {
    case number(UInt64)
    case text(String)
    case stringIndex(UInt64)
  }

  private struct Unit {
    var end: Int
    var offsetSize: Int
    var addressSize: Int
    var abbreviations: [UInt64: Abbreviation]
    var stringOffsetsBase = 8
  }

  private let information: [UInt8]
  private let abbreviationBytes: [UInt8]
  private let strings: [UInt8]
  private let lineStrings: [UInt8]
  private let stringOffsets: [UInt8]
  private var tables: [Int: [UInt64: Abbreviation]] = [:]
  private var modules: [Int: String] = [:]
  /// Entries still read before giving up: malformed sections could ask for any number.
  private var budget = 4_000_000

  private static let moduleTag: UInt64 = 0x1E
  private static let name: UInt64 = 0x03
  private static let lineTable: UInt64 = 0x10
  private static let language: UInt64 = 0x13
  private static let stringOffsetsBase: UInt64 = 0x72
  private static let includePath: UInt64 = 0x3E00
  private static let swift: UInt64 = 0x1E

  /// The module of each unit of `.debug_line`, by the unit's offset.
  static func read(_ file: ElfFile) -> [Int: String] {
    guard let information = file.bytes(ofSection: ".debug_info"),
      let abbreviations = file.bytes(ofSection: ".debug_abbrev")
    else { return [:] }
    var names = ModuleNames(
      information: information, abbreviationBytes: abbreviations,
      strings: file.bytes(ofSection: ".debug_str") ?? [],
      lineStrings: file.bytes(ofSection: ".debug_line_str") ?? [],
      stringOffsets: file.bytes(ofSection: ".debug_str_offsets") ?? [])
    names.readUnits()
    return names.modules
  }

  private init(
    information: [UInt8], abbreviationBytes: [UInt8], strings: [UInt8], lineStrings: [UInt8],
    stringOffsets: [UInt8]
  ) {
    self.information = information
    self.abbreviationBytes = abbreviationBytes
    self.strings = strings
    self.lineStrings = lineStrings
    self.stringOffsets = stringOffsets
  }

  private mutating func readUnits() {
    var reader = ByteReader(information)
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
        let unit = Unit(
          end: end, offsetSize: offsetSize, addressSize: addressSize,
          abbreviations: table(at: abbreviations))
        readUnit(unit, from: reader.position)
      }
      reader.seek(to: end)
    }
  }

  /// Finds the module that is described in the unit and was not imported into it.
  private mutating func readUnit(_ unit: Unit, from offset: Int) {
    var unit = unit
    var reader = ByteReader(information, from: offset, to: unit.end)
    guard let root = unit.abbreviations[reader.unsignedLEB()], root.hasChildren else { return }
    var values = self.values(root, unit, &reader)
    guard case .number(Self.swift)? = values[Self.language],
      case .number(let lines)? = values[Self.lineTable], let lines = Int(exactly: lines)
    else { return }
    if case .number(let base)? = values[Self.stringOffsetsBase], let base = Int(exactly: base) {
      unit.stringOffsetsBase = base
    }
    let path = text(values[Self.name], unit)?.split(
      separator: "/", omittingEmptySubsequences: false)
    let folder = path?.dropLast().joined(separator: "/")
    var depth = 1
    while depth > 0, !reader.isAtEnd, budget > 0 {
      budget -= 1
      let code = reader.unsignedLEB()
      if code == 0 {
        depth -= 1
        continue
      }
      guard let entry = unit.abbreviations[code] else { return }
      budget -= entry.attributes.count
      if depth == 1, entry.tag == Self.moduleTag {
        values = self.values(entry, unit, &reader)
        let include = text(values[Self.includePath], unit)
        if include == nil || include == folder, let name = text(values[Self.name], unit) {
          modules[lines] = name
          return
        }
      } else {
        for (_, form) in entry.attributes { skip(form, unit, &reader) }
      }
      if entry.hasChildren { depth += 1 }
    }
  }

  private func values(
    _ entry: Abbreviation, _ unit: Unit, _ reader: inout ByteReader
  ) -> [UInt64: Value] {
    var values: [UInt64: Value] = [:]
    for (name, form) in entry.attributes {
      switch form {
      case DwarfForm.string: values[name] = .text(reader.string())
      case DwarfForm.stringOffset, DwarfForm.lineStringOffset:
        let section = form == DwarfForm.stringOffset ? strings : lineStrings
        var text = ByteReader(section, from: reader.offset(size: unit.offsetSize))
        values[name] = .text(text.string())
      case DwarfForm.stringIndex: values[name] = .stringIndex(reader.unsignedLEB())
      case DwarfForm.stringIndex1...DwarfForm.stringIndex4:
        values[name] = .stringIndex(reader.number(size: Int(form - DwarfForm.stringIndex1) + 1))
      case DwarfForm.data1: values[name] = .number(reader.number(size: 1))
      case DwarfForm.data2: values[name] = .number(reader.number(size: 2))
      case DwarfForm.data4: values[name] = .number(reader.number(size: 4))
      case DwarfForm.sectionOffset:
        values[name] = .number(reader.number(size: unit.offsetSize))
      default: skip(form, unit, &reader)
      }
    }
    return values
  }

  private func skip(_ form: UInt64, _ unit: Unit, _ reader: inout ByteReader) {
    var form = form
    while form == DwarfForm.indirect, !reader.isPastEnd { form = reader.unsignedLEB() }
    DwarfForm.skip(form, &reader, offsetSize: unit.offsetSize, addressSize: unit.addressSize)
  }

  private func text(_ value: Value?, _ unit: Unit) -> String? {
    switch value {
    case .text(let text): return text
    case .stringIndex(let index):
      guard index < stringOffsets.count else { return nil }
      let entry = unit.stringOffsetsBase.addingReportingOverflow(Int(index) * unit.offsetSize)
      if entry.overflow { return nil }
      var offset = ByteReader(stringOffsets, from: entry.partialValue)
      var text = ByteReader(strings, from: offset.offset(size: unit.offsetSize))
      return text.isPastEnd ? nil : text.string()
    case .number, nil: return nil
    }
  }

  private mutating func table(at offset: Int) -> [UInt64: Abbreviation] {
    if let known = tables[offset] { return known }
    var table: [UInt64: Abbreviation] = [:]
    var reader = ByteReader(abbreviationBytes, from: offset)
    while case let code = reader.unsignedLEB(), code != 0, budget > 0 {
      budget -= 1
      let tag = reader.unsignedLEB()
      let hasChildren = reader.byte() != 0
      var attributes: [(name: UInt64, form: UInt64)] = []
      while case let (name, form) = (reader.unsignedLEB(), reader.unsignedLEB()),
        name != 0 || form != 0
      {
        if form == DwarfForm.implicitConstant { _ = reader.signedLEB() }
        attributes.append((name, form))
      }
      table[code] = Abbreviation(tag: tag, hasChildren: hasChildren, attributes: attributes)
    }
    tables[offset] = table
    return table
  }
}
