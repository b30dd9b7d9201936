/// A call whose body the compiler put in place of the call.
struct InlinedCall {
  /// The addresses of the body.
  var ranges: [Range<UInt64>]
  /// An index among the files of the unit of `.debug_line`.
  var file: Int
  var line: Int
}

extension DebugUnits {
  /// The inlined calls of the unit of `.debug_line` at an offset; an inner call follows the one
  /// that it is in.
  mutating func inlinedCalls(ofLines lines: Int) -> [InlinedCall] {
    guard let unit = units.first(where: { $0.lines == lines }) else { return [] }
    var calls: [InlinedCall] = []
    forEachEntry(of: unit) { _, entry, reader, units in
      guard entry.tag == DwarfName.inlinedSubroutineTag else {
        units.skip(entry, unit, &reader)
        return true
      }
      let values = units.values(entry, unit, &reader)
      guard case .number(let line)? = values[DwarfName.callLine],
        case .number(let file)? = values[DwarfName.callFile]
      else { return true }
      calls.append(
        InlinedCall(
          ranges: units.ranges(values, unit), file: Int(clamping: file), line: Int(clamping: line)))
      return true
    }
    return calls
  }

  /// The addresses of an entry's code.
  private func ranges(_ values: [UInt64: DebugValue], _ unit: DebugUnit) -> [Range<UInt64>] {
    switch values[DwarfName.ranges] {
    case .number(let offset):
      let offset = Int(clamping: offset)
      return unit.version >= 5 ? rangeList(at: offset, unit) : plainRanges(at: offset, unit)
    case .rangeIndex(let index):
      let base = unit.rangeListsBase
      guard let position = Self.position(base, index, unit.offsetSize, in: sections.rangeLists)
      else { return [] }
      var reader = ByteReader(sections.rangeLists, from: position)
      let offset = reader.offset(size: unit.offsetSize).addingReportingOverflow(base)
      return reader.isPastEnd || offset.overflow ? [] : rangeList(at: offset.partialValue, unit)
    default:
      guard let low = address(values[DwarfName.lowAddress], unit) else { return [] }
      if case .number(let size)? = values[DwarfName.highAddress] {
        return Self.range(low, low &+ size)
      }
      return Self.range(low, address(values[DwarfName.highAddress], unit) ?? low)
    }
  }

  private static func range(_ low: UInt64, _ high: UInt64) -> [Range<UInt64>] {
    low < high ? [low..<high] : []
  }

  /// A list of `.debug_ranges`: DWARF 4 section 2.17.3.
  private func plainRanges(at offset: Int, _ unit: DebugUnit) -> [Range<UInt64>] {
    var reader = ByteReader(sections.ranges, from: offset)
    var base = unit.lowAddress
    var ranges: [Range<UInt64>] = []
    let selectsBase = unit.addressSize == 4 ? UInt64(UInt32.max) : .max
    while !reader.isAtEnd {
      let low = reader.number(size: unit.addressSize)
      let high = reader.number(size: unit.addressSize)
      if low == 0, high == 0 { break }
      if low == selectsBase { base = high } else { ranges += Self.range(base &+ low, base &+ high) }
    }
    return ranges
  }

  /// A list of `.debug_rnglists`: DWARF 5 section 7.25.
  private func rangeList(at offset: Int, _ unit: DebugUnit) -> [Range<UInt64>] {
    var reader = ByteReader(sections.rangeLists, from: offset)
    var base = unit.lowAddress
    var ranges: [Range<UInt64>] = []
    func indexed() -> UInt64 { address(.addressIndex(reader.unsignedLEB()), unit) ?? 0 }
    func plain() -> UInt64 { reader.number(size: unit.addressSize) }
    while !reader.isAtEnd {
      switch reader.byte() {
      case 1: base = indexed()
      case 2:
        let low = indexed()
        ranges += Self.range(low, indexed())
      case 3:
        let low = indexed()
        ranges += Self.range(low, low &+ reader.unsignedLEB())
      case 4:
        let low = base &+ reader.unsignedLEB()
        ranges += Self.range(low, base &+ reader.unsignedLEB())
      case 5: base = plain()
      case 6:
        let low = plain()
        ranges += Self.range(low, plain())
      case 7:
        let low = plain()
        ranges += Self.range(low, low &+ reader.unsignedLEB())
      default: return ranges
      }
    }
    return ranges
  }
}
