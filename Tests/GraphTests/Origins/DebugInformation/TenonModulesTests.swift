import Glibc
import Testing

@testable import TenonGraph

@Suite struct TenonModulesTests {
  @Test func everyModuleOfTheSourcesIsKnown() throws {
    // Tests/GraphTests/Origins/DebugInformation/ is four folders below the package.
    let package = "\(#filePath)".split(separator: "/").dropLast(5).joined(separator: "/")
    let folder = try #require(opendir("/\(package)/Sources"))
    defer { closedir(folder) }
    var modules: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { modules.append(name) }
    }
    let users = ["TenonBenchmarks", "TenonCommand", "TenonConformance", "TenonTestKit"]
    #expect(modules.contains("TenonGraph"))
    #expect(modules.filter { !users.contains($0) && !TenonModules.names.contains($0) } == [])
  }

  @Test func linesOfTenon() {
    func own(_ path: String, _ module: String?) -> Bool {
      TenonModules.own(path: path.split(separator: "/"), module: module)
    }
    #expect(own("/src/Hello/main.swift", "TenonLayers"))
    #expect(own("/tenon/Sources/TenonLayers/Norms/Linear.swift", "Hello"))
    #expect(own("/tenon/Sources/TenonLayers/Linear.swift", nil))
    #expect(!own("/src/Hello/main.swift", "Hello"))
    #expect(!own("/src/Sources/Hello/main.swift", nil))
    #expect(!own("/src/Sources/Hello/TenonLayers.swift", nil))
    #expect(!own("/TenonLayers/main.swift", "GraphTests"))
    #expect(!own("/tenon/Sources/TenonCommand/Run.swift", "TenonCommand"))
  }

  @Test func functionsOfTenon() {
    let demangled = "TenonGraph.Value.negated() -> TenonGraph.Value"
    #expect(TenonModules.own("$s10TenonGraph5ValueV7negatedACyF", demangled))
    #expect(!TenonModules.own("$s5Hello3addyyF", "Hello.add() -> ()"))
    #expect(
      !TenonModules.own(
        "$s10TenonGraph5ValueV5HelloE3addyyF", "(extension in Hello):TenonGraph.Value.add() -> ()"))
    #expect(!TenonModules.own("main", nil))
    #expect(!TenonModules.own("$s99TenonGraph", "TenonGraph"))
    #expect(!TenonModules.own("$s", ""))
  }
}
