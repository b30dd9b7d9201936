import TenonCodegen
import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

/// A graph after `fuse`, with what the tests ask of it.
struct Fused {
  let graph: Graph
  let context: PassContext
  let table: LoweringTable
  let builder: GroupBuilder
  let entry: Entry

  init(_ graph: Graph, entry: String = "main") throws {
    self.graph = graph
    let target = Target(.avx512)
    context = PassContext(graph, target: target, catalog: .standard)
    try context.run(FuseGroups.self)
    table = LoweringTable(graph)
    builder = GroupBuilder(graph, table, target)
    self.entry = graph.entry(entry)!
  }

  var nodes: [NodeID] { graph.nodes(entry.region) }

  /// `fusion(add, exponential)`, `dot_general`: the entry's nodes, constants of rank 0 left out.
  var outline: [String] {
    nodes.map { node in
      let name = type(of: graph.op(node)).name
      guard let body = graph.regions(node).first, graph.op(node) is Fusion else { return name }
      return "fusion(" + graph.opNames(body) + ")"
    }
  }

  /// Axes of each stage: `[8] over [4]`, `[8, 4]`.
  func stages(_ node: NodeID) throws -> [String] {
    guard case .stages(let stages) = try builder.group(node)!.group.body else { return [] }
    return stages.map { stage in
      let over = stage.compute.reduction.map { " over \(Shape($0.axes))" } ?? ""
      return "\(Shape(stage.compute.axes))\(over)"
    }
  }

  var refusals: [String] {
    context.log.passes[0].refusals.map { "\(graph.opName($0.node)): \($0.reason)" }
  }

  /// Runs the entry with groups evaluated from their stages and everything else by its meaning.
  func run(_ inputs: [String: Tensor]) throws -> [Tensor] {
    let interpreter = Interpreter(graph)
    var values: [ValueID: Tensor] = [:]
    for (argument, binding) in zip(graph.arguments(entry.region), entry.arguments) {
      values[argument] = inputs[graph.describe(binding)]!
    }
    for node in nodes {
      let operands = graph.operands(node).map { values[$0]! }
      let results: [Tensor]
      if let group = try builder.group(node) {
        let made = try GroupEvaluator(group: group.group, sizes: { _ in nil })
          .run(group.inputs.map { operands[$0] })
        results = group.outputs.map { made[$0] }
      } else {
        results = try interpreter.evaluate(node, operands)
      }
      for (value, tensor) in zip(graph.results(node), results) { values[value] = tensor }
    }
    return graph.results(entry.region).map { values[$0]! }
  }
}

func random(_ shape: [Int], seed: UInt64) throws -> Tensor {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  let values = (0..<RowMajor.count(shape)).map { _ -> Float in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int(state >> 40) % 2001 - 1000) / 500
  }
  return try Tensor(values, shape: shape)
}

/// Asserts that the fused graph and the interpreter agree on random inputs.
func expectEqual(_ record: (Graph) throws -> Void, _ tolerance: Double = 1e-5) throws -> Fused {
  let graph = Graph("test")
  try record(graph)
  graph.finishRecording()
  let reference = Graph("reference")
  try record(reference)
  reference.finishRecording()
  let fused = try Fused(graph)
  var inputs: [String: Tensor] = [:]
  for (seed, (argument, binding)) in zip(
    graph.arguments(fused.entry.region), fused.entry.arguments
  ).enumerated() {
    let type = graph.tensorType(argument)
    let floats = try random(type.shape.constants!, seed: UInt64(seed + 1))
    inputs[graph.describe(binding)] = try floats.converted(to: type.element)
  }
  let expected = try Interpreter(reference).run(reference.entry("main")!, inputs: inputs)
  let direct = try Interpreter(graph).run(fused.entry, inputs: inputs)
  let results = try fused.run(inputs)
  for (place, (name, tensor)) in expected.outputs.enumerated() {
    #expect(direct.outputs[place].value.isIdentical(to: tensor), "meaning of \(name) changed")
    let (a, b) = (try tensor.doubles(), try results[place].doubles())
    #expect(a.count == b.count)
    for (x, y) in zip(a, b) {
      #expect(x == y || x.isNaN && y.isNaN || abs(x - y) <= tolerance * max(1, abs(x)))
    }
  }
  return fused
}

@Suite struct FusionTests {
  @Test func elementwiseOpsAndViewsAreOneKernel() throws {
    let fused = try expectEqual { graph in
      let x = try graph.input("x", .f32, [8, 4])
      let b = try graph.input("b", .f32, [4])
      let sum = try x + broadcast(b, to: x)
      try graph.output("y", exp(sum) * sum)
    }
    #expect(fused.outline == ["fusion(broadcast_in_dim, add, exponential, multiply)"])
    #expect(try fused.stages(fused.nodes[0]) == ["[8, 4]"])
    let group = try #require(try fused.builder.group(fused.nodes[0])).group
    guard case .stages(let stages) = group.body else { return }
    // Two loads, one sum, one exponential, one product: the shared sum is computed once.
    #expect(stages[0].compute.program.instructions.count == 5)
    #expect(group.inputs.map(\.description) == ["f32[4]", "f32[8x4]"])
  }

  @Test func aContractionTakesWhatFollowsAtTheSameIndex() throws {
    let fused = try expectEqual { graph in
      let x = try graph.input("x", .f32, [8, 6])
      let w = try graph.input("w", .f32, [6, 5])
      let b = try graph.input("b", .f32, [5])
      let product = try dotGeneral(x, w, lhsContracting: [1], rhsContracting: [0])
      let z = try product + broadcast(b, to: product)
      try graph.output("y", maximum(z, z.filled(0, site: CallSite())))
      try graph.output("z", z)
    }
    #expect(
      fused.outline == [
        "fusion(dot_general, broadcast_in_dim, add, constant, broadcast_in_dim, maximum)"
      ])
    #expect(try fused.stages(fused.nodes[0]) == ["[8, 5] over [6]"])
    #expect(
      fused.context.log.edits.map(\.reason) == ["6 ops in one kernel, with 2 results"])
  }

  @Test func aContractionTakesAffineViewsOfItsOperandsOnly() throws {
    let fused = try expectEqual { graph in
      let x = try graph.input("x", .f32, [6, 8])
      let w = try graph.input("w", .f32, [6, 5])
      let shifted = try exp(w)
      try graph.output(
        "y",
        dotGeneral(transpose(x), shifted, lhsContracting: [1], rhsContracting: [0]))
    }
    #expect(fused.outline == ["exponential", "fusion(transpose, dot_general)"])
    #expect(
      fused.refusals == [
        "exponential: a contraction reads it again and again, and takes only affine views as they "
          + "are"
      ])
  }

  @Test func softmaxGoesRowByRow() throws {
    let fused = try expectEqual { graph in
      let x = try graph.input("x", .f32, [3, 8, 16])
      let site = CallSite()
      let scaled = try x * x.filled(0.5, site: site)
      let largest = try maximum(scaled, axes: [-1], keepingAxes: true)
      let powers = try exp(scaled - broadcast(largest, to: x))
      try graph.output("y", powers / broadcast(sum(powers, axes: [-1], keepingAxes: true), to: x))
    }
    #expect(fused.outline.count == 1)
    #expect(
      try fused.stages(fused.nodes[0])
        == ["[3, 8] over [16]", "[3, 8, 16]", "[3, 8] over [16]", "[3, 8, 16]"])
    #expect(try fused.builder.group(fused.nodes[0])!.group.sharedAxes == 2)
  }

  @Test func layerNormSharesItsRows() throws {
    let fused = try expectEqual { graph in
      let x = try graph.input("x", .f32, [8, 16])
      let g = try graph.input("g", .f32, [16])
      let average = try mean(x, axes: [-1], keepingAxes: true)
      let centered = try x - broadcast(average, to: x)
      let variance = try mean(centered * centered, axes: [-1], keepingAxes: true)
      let scale = try exp(variance)
      try graph.output("y", centered * broadcast(scale, to: x) * broadcast(g, to: x))
    }
    #expect(fused.outline.count == 1)
    #expect(
      try fused.stages(fused.nodes[0])
        == ["[8] over [16]", "[8, 1]", "[8] over [16]", "[8, 1]", "[8, 16]"])
  }
}
