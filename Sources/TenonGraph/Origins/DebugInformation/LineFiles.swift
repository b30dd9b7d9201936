/// The names of the files of one unit of `.debug_line`.
struct LineFiles {
  private struct File {
    var name: String
    var directory: Int
  }

  private var directories: [String] = []
  private var files: [File] = []
  private let version: Int

  /// Reads the tables; a malformed table ends early.
  init(_ unit: LineUnit, in section: [UInt8], strings: [UInt8]) {
    version = unit.version
    var reader = ByteReader(section, from: unit.tables, to: unit.program)
    if version >= 5 {
      directories = Self.entries(&reader, unit, strings).map(\.name)
      files = Self.entries(&reader, unit, strings)
    } else {
      // Entry 0 stands for where the compiler ran and for the unit's own file; neither is here.
      directories = [""]
      files = [File(name: "", directory: 0)]
      while case let name = reader.string(), !name.isEmpty { directories.append(name) }
      while case let name = reader.string(), !name.isEmpty {
        files.append(File(name: name, directory: reader.countLEB()))
        _ = reader.unsignedLEB()
        _ = reader.unsignedLEB()
      }
    }
  }

  /// The path of a file as the compiler was given it.
  func path(_ index: Int) -> String? {
    guard files.indices.contains(index), !files[index].name.isEmpty else { return nil }
    let file = files[index]
    if file.name.hasPrefix("/") || file.directory == 0 { return file.name }
    guard directories.indices.contains(file.directory) else { return file.name }
    let directory = directories[file.directory]
    return directory.hasSuffix("/") ? directory + file.name : directory + "/" + file.name
  }

  /// A table of DWARF 5 section 6.2.4.1: a list of (content, form), then the entries.
  private static func entries(
    _ reader: inout ByteReader, _ unit: LineUnit, _ strings: [UInt8]
  ) -> [File] {
    var format: [(content: UInt64, form: UInt64)] = []
    for _ in 0..<reader.byte() { format.append((reader.unsignedLEB(), reader.unsignedLEB())) }
    let count = reader.countLEB()
    var files: [File] = []
    // Each entry takes a byte at least, so a count that the table cannot hold ends the loop.
    while files.count < count, !reader.isAtEnd, !format.isEmpty {
      var file = File(name: "", directory: 0)
      let start = reader.position
      for (content, form) in format {
        switch form {
        case DwarfForm.string:
          let text = reader.string()
          if content == 1 { file.name = text }
        case DwarfForm.lineStringOffset:
          var text = ByteReader(strings, from: reader.offset(size: unit.offsetSize))
          if content == 1 { file.name = text.string() }
        case DwarfForm.unsigned:
          let value = reader.countLEB()
          if content == 2 { file.directory = value }
        case DwarfForm.data1, DwarfForm.data2:
          let value = reader.offset(size: form == DwarfForm.data1 ? 1 : 2)
          if content == 2 { file.directory = value }
        default:
          DwarfForm.skip(form, &reader, offsetSize: unit.offsetSize, addressSize: 8)
        }
      }
      if reader.isPastEnd || reader.position == start { break }
      files.append(file)
    }
    return files
  }
}
