/// One unit of `.debug_line`: the header of DWARF 4 section 6.2.4 or DWARF 5 section 6.2.4.
struct LineUnit {
  /// Offset of the unit in the section, by which `.debug_info` refers to it.
  let offset: Int
  let end: Int
  let version: Int
  let offsetSize: Int
  let minimumInstructionLength: UInt64
  let lineBase: Int
  let lineRange: Int
  let opcodeBase: Int
  /// The number of operands of each standard opcode; entry 0 is unused.
  let operandCounts: [UInt8]
  /// Offset of the tables of directories and files.
  let tables: Int
  /// Offset of the program.
  let program: Int

  /// Reads the header at `offset`; nil, with the offset of the next unit, where it is not one that
  /// can be read; `next` is nil at the end of what can be read.
  init?(_ section: [UInt8], at offset: Int, next: inout Int?) {
    next = nil
    var reader = ByteReader(section, from: offset)
    var length = reader.word()
    var offsetSize = 4
    if length == 0xFFFF_FFFF {
      length = reader.offset(size: 8)
      offsetSize = 8
    }
    guard !reader.isPastEnd, length > 0, length <= reader.end - reader.position else { return nil }
    let end = reader.position + length
    next = end
    let version = reader.half()
    guard (2...5).contains(version) else { return nil }
    if version >= 5 { reader.skip(2) }
    let headerLength = reader.offset(size: offsetSize)
    let headerStart = reader.position
    minimumInstructionLength = UInt64(reader.byte())
    if version >= 4 { reader.skip(1) }
    reader.skip(1)
    lineBase = Int(Int8(bitPattern: reader.byte()))
    lineRange = Int(reader.byte())
    opcodeBase = Int(reader.byte())
    var operandCounts: [UInt8] = [0]
    for _ in 1..<max(1, opcodeBase) { operandCounts.append(reader.byte()) }
    guard !reader.isPastEnd, lineRange > 0, opcodeBase > 0, headerLength <= end - headerStart
    else { return nil }
    self.offset = offset
    self.end = end
    self.version = version
    self.offsetSize = offsetSize
    self.operandCounts = operandCounts
    tables = reader.position
    program = headerStart + headerLength
  }
}

/// The line-number program of a unit, or of one sequence in it, run row by row.
struct LineProgram {
  struct Row {
    var address: UInt64
    var file: Int
    var line: Int
    var endsSequence: Bool
  }

  let unit: LineUnit
  private var reader: ByteReader
  private var row = LineProgram.start

  private static let start = Row(address: 0, file: 1, line: 1, endsSequence: false)

  init(_ unit: LineUnit, in section: [UInt8], from offset: Int) {
    self.unit = unit
    reader = ByteReader(section, from: offset, to: unit.end)
  }

  /// Offset of the next instruction.
  var position: Int { reader.position }

  mutating func next() -> Row? {
    while !reader.isAtEnd {
      let opcode = Int(reader.byte())
      if opcode >= unit.opcodeBase {
        let adjusted = opcode - unit.opcodeBase
        advance(UInt64(adjusted / unit.lineRange))
        row.line &+= unit.lineBase + adjusted % unit.lineRange
        return row
      }
      if let emitted = opcode == 0 ? runExtended() : runStandard(opcode) { return emitted }
    }
    return nil
  }

  private mutating func advance(_ operations: UInt64) {
    row.address &+= operations &* unit.minimumInstructionLength
  }

  private mutating func runStandard(_ opcode: Int) -> Row? {
    switch opcode {
    case 1: return row
    case 2: advance(reader.unsignedLEB())
    case 3: row.line &+= Int(reader.signedLEB())
    case 4: row.file = reader.countLEB()
    case 5: _ = reader.unsignedLEB()
    case 6, 7, 10, 11: break
    case 8: advance(UInt64((255 - unit.opcodeBase) / unit.lineRange))
    case 9: row.address &+= UInt64(reader.half())
    default: for _ in 0..<unit.operandCounts[opcode] { _ = reader.unsignedLEB() }
    }
    return nil
  }

  private mutating func runExtended() -> Row? {
    let length = reader.countLEB()
    let start = reader.position
    guard length > 0, length <= reader.end - start else {
      reader.seek(to: reader.end)
      return nil
    }
    defer { reader.seek(to: start + length) }
    switch reader.byte() {
    case 1:
      var last = row
      last.endsSequence = true
      row = LineProgram.start
      return last
    case 2: row.address = reader.number(size: min(length - 1, 8))
    default: break
    }
    return nil
  }
}
