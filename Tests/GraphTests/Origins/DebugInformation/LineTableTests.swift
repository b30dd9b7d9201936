import Testing

@testable import TenonGraph

@Suite struct LineTableTests {
  private static func program(_ p: inout Assembly) {
    p.setAddress(0x1000)
    p.row(address: 0, line: 9)  // 1000: main.swift:10
    p.byte(14 + 12 * 4 + 5)  // 1004: line 12, one byte
    p.byte(4, 2)  // file 2
    p.byte(13, 0x81, 0x01, 0x7F)  // an opcode that is not standard
    p.byte(8)  // const_add_pc: by 20
    p.byte(5, 3, 6, 7, 10, 11, 12, 1, 1)  // column, flags, instruction set
    p.byte(9, 0x10, 0x00)  // fixed_advance_pc: by 16
    p.byte(0, 3, 0x80, 1, 2)  // an extended opcode of the vendor's
    p.row(address: 0, line: -5)  // 1028: Model.swift:7
    p.row(address: 8, line: -7)  // 1030: line 0
    p.byte(4, 3)
    p.row(address: 8, line: 4)  // 1038: <compiler-generated>:4
    p.byte(4, 1)
    p.row(address: 8, line: 100)  // 1040: main.swift:104
    p.byte(2, 0x10)
    p.endSequence()  // 1050
    p.setAddress(0)
    p.row(address: 0, line: 40)
    p.byte(2, 0x20)
    p.endSequence()  // dropped by the linker
    p.setAddress(0x800)
    p.row(address: 0, line: 1)  // 800: main.swift:2
    p.byte(2, 0x08)
    p.endSequence()
  }

  static let forms: [(version: Int, is64Bit: Bool)] = [
    (4, false), (4, true), (5, false), (5, true),
  ]

  @Test(arguments: forms) func places(_ form: (version: Int, is64Bit: Bool)) {
    // A unit of a version that is not known comes first, and is passed over.
    var section = Assembly()
    section.sized { $0.half(9) }
    let offset = section.bytes.count
    section.bytes += lineUnit(version: form.version, is64Bit: form.is64Bit, Self.program)
    let table = LineTable(section.bytes, strings: lineStrings)
    #expect(!table.isEmpty)
    func place(_ address: UInt64) -> LineTable.Place? { table.place(of: address) }
    func at(_ path: String, _ line: Int) -> LineTable.Place {
      .init(path: path, line: line, unit: offset)
    }
    #expect(place(0xFFF) == nil)
    #expect(place(0x1000) == at("/src/Hello/main.swift", 10))
    #expect(place(0x1003) == at("/src/Hello/main.swift", 10))
    #expect(place(0x1004) == at("/src/Hello/main.swift", 12))
    #expect(place(0x1017) == at("/src/Hello/main.swift", 12))
    #expect(place(0x1018) == at("Nested/Model.swift", 12))
    #expect(place(0x1028) == at("Nested/Model.swift", 7))
    #expect(place(0x1030) == at("", 0))
    #expect(place(0x1038) == at("", 0))
    #expect(place(0x1040) == at("/src/Hello/main.swift", 104))
    #expect(place(0x104F) == at("/src/Hello/main.swift", 104))
    #expect(place(0x1050) == nil)
    #expect(place(0x800) == at("/src/Hello/main.swift", 2))
    #expect(place(0x10) == nil)
    #expect(table.placeBefore(0x103F, functionStart: 0x1000) == at("Nested/Model.swift", 7))
    #expect(table.placeBefore(0x103F, functionStart: 0x1030) == nil)
    #expect(table.place(file: 2, line: 5, unit: offset) == at("Nested/Model.swift", 5))
    #expect(table.place(file: 9, line: 5, unit: offset) == at("", 0))
    #expect(table.place(file: 2, line: 5, unit: offset + 1) == nil)
  }

  @Test func anEmptySection() {
    #expect(LineTable([], strings: []).isEmpty)
  }
}
