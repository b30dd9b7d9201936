import Testing

@testable import TenonGraph

/// The same sequence of numbers in every run (SplitMix64).
private struct Mutator {
  var state: UInt64

  mutating func next(below bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(max(1, bound)))
  }

  /// Some bytes changed, mostly to extremes; sometimes cut short.
  mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
    guard !bytes.isEmpty else { return bytes }
    var bytes = bytes
    for _ in 0...next(below: 4) {
      let position = next(below: bytes.count)
      switch next(below: 4) {
      case 0: bytes[position] = 0xFF
      case 1: bytes[position] ^= 1 << UInt8(next(below: 8))
      case 2: for index in position..<min(position + 8, bytes.count) { bytes[index] = 0xFF }
      default: bytes[position] = UInt8(next(below: 256))
      }
    }
    if next(below: 8) == 0 { bytes.removeLast(next(below: bytes.count + 1)) }
    return bytes
  }
}

/// Malformed input is read without a crash and without an endless loop; that the test ends is what
/// it shows.
@Suite struct MalformedInformationTests {
  /// Everything that is done with the sections of a file.
  private func read(_ lines: LineTable, _ units: DebugUnits?, _ addresses: [UInt64]) {
    for address in addresses {
      if let place = lines.place(of: address) {
        #expect(place.line == 0 || !place.path.isEmpty)
        _ = lines.placeBefore(address, functionStart: address & ~0xFF)
      }
    }
    guard var units else { return }
    for lineUnit in units.moduleNames().keys.sorted() + [0x40] {
      for call in units.inlinedCalls(ofLines: lineUnit) {
        _ = lines.place(file: call.file, line: call.line, unit: 0)
      }
    }
  }

  @Test(arguments: [4, 5]) func mutatedFiles(version: Int) {
    let line = lineUnit(version: version) { program in
      program.setAddress(0x1000)
      for step in 0..<20 { program.row(address: 2, line: Int64(step % 5) - 2) }
      program.byte(4, 2, 40, 50, 60, 8, 90)
      program.endSequence()
    }
    let sections = debugSections(version: version)
    let (symbols, names) = symbolSections()
    let whole = elfFile([
      (".debug_line", 1, 0, line), (".debug_line_str", 1, 0, lineStrings),
      (".debug_info", 1, 0, sections.information),
      (".debug_abbrev", 1, 0, sections.abbreviations), (".debug_str", 1, 0, sections.strings),
      (".debug_str_offsets", 1, 0, sections.stringOffsets),
      (".debug_addr", 1, 0, sections.addresses), (".debug_ranges", 1, 0, sections.ranges),
      (".debug_rnglists", 1, 0, sections.rangeLists), (".symtab", 2, 11, symbols),
      (".strtab", 3, 0, names), (".note.gnu.build-id", 7, 0, Array(repeating: 4, count: 24)),
    ])
    var mutator = Mutator(state: UInt64(version))
    var readable = 0
    for _ in 0..<4000 {
      guard let file = ElfFile(bytes: mutator.mutate(whole)) else { continue }
      readable += 1
      _ = file.buildID
      let lines = LineTable(
        file.bytes(ofSection: ".debug_line") ?? [],
        strings: file.bytes(ofSection: ".debug_line_str") ?? [])
      read(lines, DebugUnits(file), [0x1004, 0x1010, 0x1040])
      _ = SymbolTable(file).function(at: 0x1004)
    }
    #expect(readable > 1000)
  }

  @Test func everyTruncation() {
    let line = lineUnit(version: 5) { program in
      program.setAddress(0x1000)
      program.row(address: 8, line: 8)
      program.endSequence()
    }
    let sections = debugSections(version: 5)
    for count in line.indices {
      let table = LineTable(Array(line[..<count]), strings: lineStrings)
      #expect(table.isEmpty)
    }
    for count in sections.information.indices {
      var cut = sections
      cut.information = Array(sections.information[..<count])
      var units = DebugUnits(cut)
      #expect(units.moduleNames() == [:])
    }
    for count in sections.abbreviations.indices {
      var cut = sections
      cut.abbreviations = Array(sections.abbreviations[..<count])
      var units = DebugUnits(cut)
      _ = units.inlinedCalls(ofLines: 0x40)
    }
  }

  /// The line table and the description of small units of the program that runs the tests.
  @Test func mutatedUnitsOfARealProgram() throws {
    let file = try #require(ElfFile(path: "/proc/self/exe"))
    let section = try #require(file.bytes(ofSection: ".debug_line"))
    let strings = file.bytes(ofSection: ".debug_line_str") ?? []
    var lines: [[UInt8]] = []
    var next: Int? = 0
    while let offset = next, lines.count < 6 {
      guard let unit = LineUnit(section, at: offset, next: &next) else { continue }
      let bytes = Array(section[offset..<unit.end])
      if (300...3000).contains(bytes.count), !LineTable(bytes, strings: strings).isEmpty {
        lines.append(bytes)
      }
    }
    try #require(lines.count == 6)
    let all = try #require(DebugUnits(file))
    let unit = try #require(all.units.first { $0.end - $0.start < 4000 })
    var abbreviations = Assembly()
    for (code, entry) in unit.abbreviations.sorted(by: { $0.key < $1.key }) {
      abbreviations.unsignedLEB(code)
      abbreviations.unsignedLEB(entry.tag)
      abbreviations.byte(entry.hasChildren ? 1 : 0)
      for (name, form) in entry.attributes {
        abbreviations.unsignedLEB(name)
        abbreviations.unsignedLEB(form)
      }
      abbreviations.byte(0, 0)
    }
    abbreviations.byte(0)
    var information = Assembly()
    information.sized { inner in
      inner.half(4)
      inner.word(0)
      inner.byte(8)
      inner.bytes += all.sections.information[unit.start..<unit.end]
    }
    var sections = all.sections
    let whole = information.bytes
    var mutator = Mutator(state: 1)
    for _ in 0..<200 {
      for bytes in lines {
        read(LineTable(mutator.mutate(bytes), strings: strings), nil, [0x1000])
      }
      sections.information = mutator.mutate(whole)
      sections.abbreviations = mutator.mutate(abbreviations.bytes)
      read(LineTable([], strings: []), DebugUnits(sections), [])
    }
  }
}
