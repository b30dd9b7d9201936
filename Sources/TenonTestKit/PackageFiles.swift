import FoundationEssentials

/// The package's own files, by paths from its root, for tests of sources and pages.
package enum PackageFiles {
  private static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

  /// The path of a file on this machine.
  package static func place(_ path: String) -> String { "\(root)/\(path)" }

  package static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: place(path))), as: UTF8.self)
  }

  package static func lines(_ path: String) throws -> [String] {
    try text(path).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Writes a file, the folders that hold it too.
  package static func write(_ text: String, _ path: String) throws {
    let folder = place(path).split(separator: "/").dropLast().map { "/\($0)" }.joined()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: place(path)), options: .atomic)
  }

  /// The files under a folder that end so, sorted; build folders are left out.
  package static func paths(_ folder: String, _ endings: String...) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: place(folder)).filter { path in
      endings.contains { path.hasSuffix($0) } && !"/\(path)".contains("/.build/")
    }.map { "\(folder)/\($0)" }.sorted()
  }
}
