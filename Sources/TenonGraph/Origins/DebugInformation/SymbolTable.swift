/// The functions of an ELF file, by address.
struct SymbolTable {
  private struct Symbol {
    var start: UInt64
    var size: UInt64
    var name: Int
  }

  private var symbols: [Symbol] = []
  private var names: [UInt8] = []

  private static let function: UInt8 = 2

  /// Reads the full table, or in a stripped file that of the dynamic linker.
  init(_ file: ElfFile) {
    for name in [".symtab", ".dynsym"] {
      guard let index = file.sections.firstIndex(where: { $0.name == name }),
        let table = file.bytes(ofSection: index),
        let names = file.bytes(ofSection: file.sections[index].link)
      else { continue }
      read(table, names: names)
      if !symbols.isEmpty { return }
    }
  }

  private mutating func read(_ table: [UInt8], names: [UInt8]) {
    self.names = names
    var reader = ByteReader(table)
    while !reader.isAtEnd {
      let name = reader.word()
      let kind = reader.byte() & 0xF
      reader.skip(1)
      let section = reader.half()
      let start = reader.number(size: 8)
      let size = reader.number(size: 8)
      if reader.isPastEnd { break }
      // A second name of a function may have no size.
      if kind == Self.function, section != 0, size > 0 {
        symbols.append(Symbol(start: start, size: size, name: name))
      }
    }
    symbols.sort { ($0.start, $0.name) < ($1.start, $1.name) }
  }

  /// The function that holds `address`: its symbol and where it starts.
  func function(at address: UInt64) -> (name: String, start: UInt64)? {
    var low = 0
    var high = symbols.count
    while low < high {
      let middle = (low + high) / 2
      if symbols[middle].start <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let symbol = symbols[low - 1]
    guard address &- symbol.start < symbol.size else { return nil }
    var reader = ByteReader(names, from: symbol.name)
    let name = reader.string()
    return name.isEmpty ? nil : (name, symbol.start)
  }
}
