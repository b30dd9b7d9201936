/// The lines of source text of an ELF file, by address, from its `.debug_line` section.
struct LineTable {
  struct Place: Equatable {
    /// As the compiler recorded it: absolute, or relative to where the compiler ran.
    var path: String
    var line: Int
    /// Offset of the unit in `.debug_line`.
    var unit: Int
  }

  private struct Sequence {
    var low: UInt64
    var high: UInt64
    var unit: Int
    var program: Int
  }

  private let section: [UInt8]
  private let strings: [UInt8]
  private var units: [LineUnit] = []
  private var sequences: [Sequence] = []

  /// Indexes the table. `strings` is `.debug_line_str`, which DWARF 4 does not have.
  init(_ section: [UInt8], strings: [UInt8]) {
    self.section = section
    self.strings = strings
    var next: Int? = 0
    while let offset = next {
      if let unit = LineUnit(section, at: offset, next: &next) { index(unit) }
    }
    sequences.sort { ($0.low, $0.high) < ($1.low, $1.high) }
  }

  var isEmpty: Bool { sequences.isEmpty }

  private mutating func index(_ unit: LineUnit) {
    var program = LineProgram(unit, in: section, from: unit.program)
    var start = program.position
    var low: UInt64?
    while let row = program.next() {
      if low == nil { low = row.address }
      guard row.endsSequence else { continue }
      // The linker moves the code it drops to address 0 or to the very end.
      if let low, low > 0, low < row.address {
        sequences.append(
          Sequence(low: low, high: row.address, unit: units.count, program: start))
      }
      low = nil
      start = program.position
    }
    units.append(unit)
  }

  /// The line of the instruction at `address`: where the compiler gave none, line 0 and no path.
  func place(of address: UInt64) -> Place? {
    guard let sequence = sequence(of: address) else { return nil }
    let unit = units[sequence.unit]
    var program = LineProgram(unit, in: section, from: sequence.program)
    var previous: LineProgram.Row?
    while let row = program.next() {
      if let previous, row.address > address { return place(previous, unit) }
      if row.endsSequence { break }
      previous = row
    }
    return nil
  }

  /// The last line before `address` in the function that starts at `functionStart`.
  func placeBefore(_ address: UInt64, functionStart: UInt64) -> Place? {
    guard let sequence = sequence(of: address) else { return nil }
    let unit = units[sequence.unit]
    var program = LineProgram(unit, in: section, from: sequence.program)
    var nearest: Place?
    while let row = program.next(), row.address <= address, !row.endsSequence {
      guard row.address >= functionStart, row.line > 0 else { continue }
      let found = place(row, unit)
      if found.line > 0 { nearest = found }
    }
    return nearest
  }

  /// The line of a file that `.debug_info` refers to by an index.
  func place(file: Int, line: Int, unit offset: Int) -> Place? {
    units.first { $0.offset == offset }.map { unit in
      place(.init(address: 0, file: file, line: line, endsSequence: false), unit)
    }
  }

  private func place(_ row: LineProgram.Row, _ unit: LineUnit) -> Place {
    let files = LineFiles(unit, in: section, strings: strings)
    guard row.line > 0, let path = files.path(row.file), Self.isWritten(path) else {
      return Place(path: "", line: 0, unit: unit.offset)
    }
    return Place(path: path, line: row.line, unit: unit.offset)
  }

  private func sequence(of address: UInt64) -> Sequence? {
    var low = 0
    var high = sequences.count
    while low < high {
      let middle = (low + high) / 2
      if sequences[middle].low <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address < sequences[low - 1].high else { return nil }
    return sequences[low - 1]
  }

  /// Whether a person wrote the file: `<compiler-generated>` and expansions of macros are not.
  private static func isWritten(_ path: String) -> Bool {
    let name = path.split(separator: "/").last ?? ""
    return !name.isEmpty && !name.hasPrefix("<") && !name.hasPrefix("@__swiftmacro_")
  }
}
