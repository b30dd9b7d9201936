import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

@Suite struct NodeAccountTests {
  @Test(arguments: TestNetwork.all, [Backend.native, .reference])
  func everyRecordedNodeEndsInOnePlace(_ network: TestNetwork, _ backend: Backend) throws {
    let graph = try network.record()
    let recorded = graph.entries.reduce(0) { total, entry in
      graph.regions(under: entry.region).reduce(total) { $0 + graph.nodes($1).count }
    }
    let program = try compile(graph, CompileOptions(sizes: network.sizes, backend: backend))
    let account = program.report.nodes
    #expect(account.lost.map { graph.opName($0) } == [])
    #expect(account.nodes.count == recorded)
    #expect(Set(account.nodes.map(\.id)).count == recorded)
    let counts = account.counts
    #expect(
      counts.kernels + counts.preparation + counts.steps + counts.aliases + counts.removed
        == recorded)
    #expect(counts.interpreted == 0)
  }

  @Test func theTextNamesEachPlace() throws {
    let graph = Graph("places")
    let x = try graph.input("x", .f32, [4, 32])
    let table = try graph.constant(
      Tensor((0..<32 * 1024).map { Float($0 % 7) }, shape: [32, 1024]), fileID: "M/model.swift",
      line: 2)
    let weights = try exp(table, fileID: "M/model.swift", line: 3)
    let y = try matmul(x, weights, fileID: "M/model.swift", line: 4)
    _ = try exp(y, fileID: "M/model.swift", line: 5)
    let one = try broadcast(
      graph.scalar(1, .f32, fileID: "M/model.swift", line: 6), to: y, fileID: "M/model.swift",
      line: 6)
    let same = try graph.apply1(
      Multiply(), [y, one], site: CallSite(fileID: "M/model.swift", line: 7))
    let flat = try reshape(same, [4096], fileID: "M/model.swift", line: 8)
    try graph.output("y", relu(flat, fileID: "M/model.swift", line: 9))
    let program = try compile(graph, CompileOptions(backend: .reference))
    #expect(
      program.report.nodes.description == """
        recorded nodes: 9 = 2 in kernels + 1 in the prepare entry + 3 aliases + 3 removed
          alias of the plan's data (its elements lie there already): constant at M/model.swift:2
          in the prepare entry, kernel main/0 exponential: exponential at M/model.swift:3
          in kernel main/1 dot_general: matmul at M/model.swift:4
          removed (remove-dead-nodes: nothing uses its results): exponential at M/model.swift:5
          removed (its last use left, multiply-by-one: x * 1 is x): constant at \
        M/model.swift:6, broadcast_in_dim at M/model.swift:6
          alias of dot_general at M/model.swift:4 (multiply-by-one: x * 1 is x): multiply at \
        M/model.swift:7
          alias of dot_general (its elements lie there already): reshape at M/model.swift:8
          in kernel main/2 maximum: relu at M/model.swift:9
        """)
    let fuse = try #require(program.report.passes.passes.last { $0.name == "fuse" })
    #expect(
      fuse.refusalGroups(program.report.graph) == [
        .init(
          rule: "fuse", reason: "its index would need divisions inside the group", count: 1,
          nodes: ["reshape at M/model.swift:8"]),
        .init(
          rule: "fuse",
          reason: "a contraction reads it again and again, and takes only affine views as they are",
          count: 1, nodes: ["exponential at M/model.swift:3"]),
      ])
  }
}
