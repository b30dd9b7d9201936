import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct PipelineTests {
  @Test func theStandardPipelineReadsTopToBottom() {
    #expect(
      Pipeline.standard.names == [
        "expand-gradients", "remove-dead-nodes", "recognize-composites", "quantize-contractions",
        "claim-lowerings", "simplify-views", "fold-constants", "simplify-algebra",
        "simplify-control-flow",
        "simplify-views", "fold-batch-normalization", "fold-constants",
        "canonicalize", "eliminate-common-subexpressions", "remove-dead-nodes",
        "split-transposed-convolutions", "narrow-contractions", "choose-winograd",
        "separate-padding", "separate-strides", "assign-layouts", "fuse",
      ])
  }

  @Test func passesAreInsertedAndRemoved() throws {
    let pipeline = Pipeline([ExpandGradients.self, RemoveDeadNodes.self, FoldConstants.self])
    #expect(
      try pipeline.inserting(Marked.self, after: RemoveDeadNodes.self).names == [
        "expand-gradients", "remove-dead-nodes", "marked", "fold-constants",
      ])
    #expect(
      try pipeline.inserting(Marked.self, before: "expand-gradients").names == [
        "marked", "expand-gradients", "remove-dead-nodes", "fold-constants",
      ])
    #expect(
      try pipeline.removing(RemoveDeadNodes.self).names == ["expand-gradients", "fold-constants"])
    #expect(
      try pipeline.upTo("remove-dead-nodes").names == ["expand-gradients", "remove-dead-nodes"])
    #expect(pipeline.appending(Marked.self).names.last == "marked")
  }

  @Test func aMissingAnchorIsNamed() throws {
    let pipeline = Pipeline([ExpandGradients.self, RemoveDeadNodes.self])
    let error = #expect(throws: TenonError.self) {
      try pipeline.inserting(Marked.self, after: "fuse")
    }
    #expect(
      error?.description == """
        pipeline: there is no pass fuse; name one of those listed
          passes: expand-gradients, remove-dead-nodes
        """)
  }

  @Test func everyRecordedNodeIsAccountedFor() throws {
    let graph = Graph("accounts")
    let x = try graph.input("x", .f32, [4, 3])
    let w = try graph.input("w", .f32, [3, 2])
    let labels = try graph.input("labels", .i32, [4])
    let loss = try mean(crossEntropy(relu(matmul(x, w)) * 1, labels: labels))
    let d = try gradients(of: loss, wrt: [w])[0]
    try graph.output("w", w - d * 0.1)
    try graph.output("loss", loss)
    let recorded = graph.nodeCapacity
    let log = try Pipeline.standard.run(
      on: graph, target: Target(.generic), catalog: .standard)
    #expect(log.recordedNodes == recorded)
    var live: Set<NodeID> = []
    for entry in graph.entries {
      for region in graph.regions(under: entry.region) { live.formUnion(graph.nodes(region)) }
    }
    for index in 0..<recorded {
      let node = NodeID(index)
      #expect((log.fate(of: node) == .live) == live.contains(node), "node \(index)")
    }
    #expect(log.passes.map(\.name) == Pipeline.standard.names)
    for pass in log.passes.dropFirst() { #expect(pass.nodesAfter > 0) }
    #expect(zip(log.passes, log.passes.dropFirst()).allSatisfy { $0.nodesAfter == $1.nodesBefore })
  }

  @Test func theWholePipelineKeepsTheMeaning() throws {
    func record() throws -> Graph {
      let graph = Graph("meaning")
      let x = try graph.input("x", .f64, [4, 3])
      let w = try graph.input("w", .f64, [3, 2])
      let labels = try graph.input("labels", .i32, [4])
      let loss = try mean(crossEntropy(relu(matmul(x, w)), labels: labels))
      try graph.output("d", gradients(of: loss, wrt: [w])[0])
      return graph
    }
    let inputs: [String: Tensor] = [
      "x": try Tensor((0..<12).map { Double($0 % 5) - 1.5 }, shape: [4, 3]),
      "w": try Tensor((0..<6).map { Double($0 % 4) - 1.25 }, shape: [3, 2]),
      "labels": Tensor([0, 1, 1, 0] as [Int32]),
    ]
    let plain = try record()
    try PassContext(testing: plain).run(ExpandGradients.self)
    let full = try record()
    try Pipeline.standard.run(on: full, target: Target(.generic), catalog: .standard)
    func evaluate(_ graph: Graph) throws -> Tensor {
      try Interpreter(graph).run(graph.entry("main")!, inputs: inputs).outputs[0].value
    }
    #expect(try evaluate(plain).isIdentical(to: evaluate(full)))
  }
}

private struct Marked: GraphPass {
  static let name = "marked"
  func run(_ context: PassContext) throws {}
}
