import Testing

@testable import TenonGraph

/// Sections that describe the module `Hello`, compiled from `/src/Hello/main.swift` with the
/// imported module `Swift`, its line unit at 0x40, and two inlined calls, one inside the other.
func debugSections(version: Int) -> DebugUnits.Sections {
  let isNew = version >= 5
  var strings = Assembly()
  strings.string("/src/Hello/main.swift")  // 0
  strings.string("Swift")  // 22
  strings.string("/usr/lib/Swift.swiftmodule")  // 28
  strings.string("Hello")  // 55
  strings.string("/src/Hello")  // 61
  let texts = [0, 22, 28, 55, 61]

  let text: UInt8 = isNew ? 0x25 : 0x0E
  let address: UInt8 = isNew ? 0x29 : 0x01
  var abbreviations = Assembly()
  func entry(_ code: UInt8, _ tag: UInt8, children: Bool, _ attributes: [[UInt8]]) {
    abbreviations.byte(code, tag, children ? 1 : 0)
    for attribute in attributes { abbreviations.bytes += attribute }
    abbreviations.byte(0, 0)
  }
  let bases: [[UInt8]] = isNew ? [[0x72, 0x17], [0x73, 0x17], [0x74, 0x17]] : []
  entry(
    1, 0x11, children: true,
    [[0x03, text], [0x13, 0x0B], [0x10, 0x17], [0x11, address]] + bases)
  entry(2, 0x1E, children: true, [[0x03, text], [0x80, 0x7C, text]])
  entry(
    3, 0x2E, children: true, [[0x3F, 0x19], [0x3B, 0x21, 0x05], [0x1C, 0x0A], [0x49, 0x13]])
  entry(4, 0x1D, children: true, [[0x55, isNew ? 0x23 : 0x17], [0x58, 0x0B], [0x59, 0x05]])
  entry(5, 0x1D, children: false, [[0x11, address], [0x12, 0x06], [0x58, 0x0B], [0x59, 0x0F]])
  abbreviations.byte(0)

  var information = Assembly()
  information.sized { unit in
    unit.half(version)
    if isNew { unit.byte(1, 8) }
    unit.word(0)
    if !isNew { unit.byte(8) }
    func write(text index: Int) { isNew ? unit.byte(UInt8(index)) : unit.word(texts[index]) }
    func write(address index: Int) {
      isNew ? unit.byte(UInt8(index)) : unit.long([0x1000, 0x1010][index])
    }
    unit.byte(1)
    write(text: 0)
    unit.byte(0x1E)
    unit.word(0x40)
    write(address: 0)
    if isNew {
      unit.word(8)
      unit.word(8)
      unit.word(12)
    }
    unit.byte(2)
    write(text: 1)
    write(text: 2)
    unit.byte(0, 2)
    write(text: 3)
    write(text: 4)
    unit.byte(3, 2, 0xAA, 0xBB)
    unit.word(0)
    unit.byte(4)
    if isNew { unit.byte(0) } else { unit.word(0) }
    unit.byte(1)
    unit.half(300)
    unit.byte(5)
    write(address: 1)
    unit.word(8)
    unit.byte(2)
    unit.unsignedLEB(7)
    unit.byte(0, 0, 0, 0)
  }

  var offsets = Assembly()
  offsets.word(0)
  offsets.word(0)
  for text in texts { offsets.word(text) }
  var addresses = Assembly()
  addresses.long(0)
  addresses.long(0x1000)
  addresses.long(0x1010)
  var ranges = Assembly()
  for pair in [(0x8, 0x20), (UInt64.max, 0x5000), (0, 4), (0, 0)] as [(UInt64, UInt64)] {
    ranges.long(pair.0)
    ranges.long(pair.1)
  }
  var lists = Assembly()
  for _ in 0..<3 { lists.word(0) }
  lists.word(4)
  lists.byte(4, 0x08, 0x20, 1, 1, 4, 0, 4, 5)
  lists.long(0x5000)
  lists.byte(4, 0, 4, 6)
  lists.long(0x6000)
  lists.long(0x6001)
  lists.byte(7)
  lists.long(0x7000)
  lists.byte(1, 3, 1, 2, 2, 0, 1, 0)
  return DebugUnits.Sections(
    information: information.bytes, abbreviations: abbreviations.bytes, strings: strings.bytes,
    stringOffsets: isNew ? offsets.bytes : [], addresses: isNew ? addresses.bytes : [],
    ranges: isNew ? [] : ranges.bytes, rangeLists: isNew ? lists.bytes : [])
}

@Suite struct DebugUnitsTests {
  @Test(arguments: [4, 5]) func theModuleOfAUnit(version: Int) {
    var units = DebugUnits(debugSections(version: version))
    #expect(units.units.map(\.name) == ["/src/Hello/main.swift"])
    #expect(units.moduleNames() == [0x40: "Hello"])
  }

  @Test func anotherLanguageIsPassedOver() {
    var sections = debugSections(version: 4)
    // The language follows the header, the entry's code and the offset of the name.
    #expect(sections.information[16] == 0x1E)
    sections.information[16] = 0x0C
    var units = DebugUnits(sections)
    #expect(units.units.isEmpty)
    #expect(units.moduleNames() == [:])
  }

  @Test func inlinedCallsOfVersion4() throws {
    var units = DebugUnits(debugSections(version: 4))
    let calls = units.inlinedCalls(ofLines: 0x40)
    try #require(calls.count == 2)
    #expect(calls[0].ranges == [0x1008..<0x1020, 0x5000..<0x5004])
    #expect(calls.map(\.file) == [1, 2])
    #expect(calls.map(\.line) == [300, 7])
    #expect(calls[1].ranges == [0x1010..<0x1018])
    #expect(units.inlinedCalls(ofLines: 0x41).isEmpty)
  }

  @Test func inlinedCallsOfVersion5() throws {
    var units = DebugUnits(debugSections(version: 5))
    let calls = units.inlinedCalls(ofLines: 0x40)
    try #require(calls.count == 2)
    #expect(
      calls[0].ranges == [
        0x1008..<0x1020, 0x1010..<0x1014, 0x5000..<0x5004, 0x6000..<0x6001, 0x7000..<0x7001,
        0x1010..<0x1012, 0x1000..<0x1010,
      ])
    #expect(calls.map(\.line) == [300, 7])
    #expect(calls[1].ranges == [0x1010..<0x1018])
  }
}
