import Testing

@testable import TenonGraph

/// A symbol table with two functions, a second name of one of them, and a variable.
func symbolSections() -> (symbols: [UInt8], names: [UInt8]) {
  var symbols = Assembly()
  let entries: [(name: Int, kind: UInt8, section: Int, start: UInt64, size: UInt64)] = [
    (0, 0, 0, 0, 0), (1, 2, 1, 0x2000, 0x10), (7, 2, 1, 0x1000, 0x20), (12, 2, 1, 0x1000, 0),
    (17, 1, 1, 0x1004, 4), (7, 2, 0, 0x3000, 0x10),
  ]
  for entry in entries {
    symbols.word(entry.name)
    symbols.byte(entry.kind | 0x10, 0)
    symbols.half(entry.section)
    symbols.long(entry.start)
    symbols.long(entry.size)
  }
  return (symbols.bytes, Array("\0later\0main\0also\0data\0".utf8))
}

@Suite struct ElfFileTests {
  @Test func sections() throws {
    var note = Assembly()
    note.word(4)
    note.word(3)
    note.word(3)
    note.string("GNU")
    note.byte(0xAB, 0xCD, 0xEF, 0)
    let bytes = elfFile([
      (".debug_line", 1, 0, [1, 2, 3]), (".bss", 8, 0, [9]),
      (".note.gnu.build-id", 7, 0, note.bytes),
    ])
    let file = try #require(ElfFile(bytes: bytes))
    #expect(
      file.sections.map(\.name) == ["", ".debug_line", ".bss", ".note.gnu.build-id", ".shstrtab"])
    #expect(file.bytes(ofSection: ".debug_line") == [1, 2, 3])
    #expect(file.bytes(ofSection: ".bss") == nil)
    #expect(file.bytes(ofSection: ".debug_info") == nil)
    #expect(file.buildID == [0xAB, 0xCD, 0xEF])
  }

  @Test func aCompressedSectionIsNotRead() throws {
    var bytes = elfFile([(".debug_line", 1, 0, [1, 2, 3])])
    // Section 1's flags, in the table of three sections at the end.
    bytes[bytes.count - 2 * 64 + 9] = 0x08
    let file = try #require(ElfFile(bytes: bytes))
    #expect(file.bytes(ofSection: ".debug_line") == nil)
  }

  @Test func whatIsNoElfFile() {
    let bytes = elfFile([])
    #expect(ElfFile(bytes: []) == nil)
    #expect(ElfFile(bytes: Array(bytes.dropLast())) == nil)
    #expect(ElfFile(bytes: [0x7F, 0x45, 0x4C, 0x46, 1] + bytes.dropFirst(5)) == nil)
    #expect(ElfFile(path: "/nonexistent") == nil)
    #expect(ElfFile(path: "/dev/null") == nil)
    #expect(ElfFile(path: "/") == nil)
  }

  @Test func functionsByAddress() throws {
    let (symbols, names) = symbolSections()
    let bytes = elfFile([(".symtab", 2, 2, symbols), (".strtab", 3, 0, names)])
    let table = SymbolTable(try #require(ElfFile(bytes: bytes)))
    func function(_ address: UInt64) -> String? {
      table.function(at: address).map { "\($0.name) + \(address - $0.start)" }
    }
    #expect(function(0xFFF) == nil)
    #expect(function(0x1000) == "main + 0")
    #expect(function(0x101F) == "main + 31")
    #expect(function(0x1020) == nil)
    #expect(function(0x2004) == "later + 4")
    #expect(function(0x2010) == nil)
    #expect(function(0x3000) == nil)
    #expect(function(.max) == nil)
  }
}
