import TenonTestKit
import Testing

/// The walls between modules: who may import what, as Docs/Architecture.md has them.
@Suite struct ImportTests {
  /// For each module, the modules it may import, beside the standard library and Glibc.
  static let allowed: [String: Set<String>] = {
    let tensor: Set = ["TenonTensor"]
    let graph = tensor.union(["TenonGraph"])
    let ops = graph.union(["TenonOps"])
    let compiler = ops.union([
      "TenonPasses", "TenonCodegen", "TenonRuntime", "TenonFormats",
    ])
    return [
      "TenonTensor": [],
      "TenonFormats": tensor.union(["CTenonKernels"]),
      "TenonRuntime": tensor.union(["CTenonKernels"]),
      "TenonGraph": tensor.union(["CTenonKernels"]),
      "TenonOps": graph,
      "TenonCodegen": graph.union(["TenonRuntime"]),
      "TenonPasses": ops,
      "TenonLayers": ops,
      "TenonONNX": ops.union(["TenonFormats", "SwiftProtobuf", "FoundationEssentials"]),
      "TenonCompiler": compiler,
      "TenonTraining": ops.union(["TenonCompiler", "TenonLayers", "FoundationEssentials"]),
      "TenonConformance": compiler.union(["TenonCompiler", "TenonONNX", "FoundationEssentials"]),
      "TenonTestKit": compiler.union(["TenonCompiler", "FoundationEssentials"]),
      "Tenon": compiler.union(["TenonCompiler", "TenonLayers", "TenonONNX", "TenonTraining"])
        .subtracting(["TenonCodegen"]),
      "TenonBenchmarks": ["Tenon"],
      "TenonCommand": ["Tenon", "TenonConformance", "ArgumentParser", "FoundationEssentials"],
    ]
  }()

  /// Text names of ops never appear in these modules.
  static let opBlind = ["TenonCodegen", "TenonRuntime"]

  @Test func importsStayInsideTheWalls() throws {
    var violations: [String] = []
    for file in try SourceFile.all("Sources")
    where !file.path.hasSuffix(".generated.swift") {
      let module = file.path.split(separator: "/")[1]
      let allowed = try #require(ImportTests.allowed[String(module)], "module \(module) is new")
      for line in file.lines {
        var words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
        if ["public", "package", "internal", "private"].contains(words.first) {
          words.removeFirst()
        }
        guard words.first == "import", words.count == 2 else { continue }
        let name = String(words[1])
        if name != "Glibc" && name != "Synchronization" && !allowed.contains(name) {
          violations.append("\(file.path) imports \(name)")
        }
      }
    }
    #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
  }

  @Test func codegenAndRuntimeNeverNameAnOp() throws {
    var violations: [String] = []
    for file in try SourceFile.all("Sources")
    where ImportTests.opBlind.contains(String(file.path.split(separator: "/")[1])) {
      for line in file.lines where line.contains("import TenonOps") { violations.append(file.path) }
    }
    #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
  }

  @Test func filesStayUnderFourHundredLines() throws {
    let long = try
      (SourceFile.all("Sources") + SourceFile.all("Tests")
      + SourceFile.all("Sources", ".c") + SourceFile.all("Sources", ".h"))
      .filter { $0.lines.count > 400 && !$0.path.hasSuffix(".generated.swift") }
      .map { "\($0.path): \($0.lines.count) lines" }
    #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
  }

  @Test func fileNamesSayWhatIsInside() throws {
    let banned = ["Utils", "Util", "Common", "Helpers", "Helper", "Manager", "Base", "Misc"]
    let named = try SourceFile.all("Sources").map(\.path).filter { path in
      let name = path.split(separator: "/").last!.dropLast(".swift".count)
      return banned.contains { name.hasSuffix($0) }
    }
    #expect(named.isEmpty, "\(named.joined(separator: "\n"))")
  }
}

/// A source file, by its path in the package.
private struct SourceFile {
  var path: String
  var lines: [String]

  static func all(_ folder: String, _ ending: String = ".swift") throws -> [SourceFile] {
    try PackageFiles.paths(folder, ending).map {
      SourceFile(path: $0, lines: try PackageFiles.lines($0))
    }
  }
}
