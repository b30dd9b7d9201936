import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct ExpandGradientsTests {
  @Test func logarithm() throws {
    let graph = Graph("log")
    let x = try graph.input("x", .f32, [])
    let y = try log(x)
    try graph.output("d", gradients(of: y, wrt: [x])[0])
    let context = PassContext(testing: graph)
    try context.run(ExpandGradients.self)
    #expect(
      Listing.of(graph) == [
        "%0 = constant<value: [1.0]>() f32[]", "%1 = divide(%0, %x) f32[]", "d = %1",
      ])
    let pass = context.log.passes[0]
    #expect(context.log.edits[pass.edits].map(\.reason) == ["differentiated 1 node"])
    #expect(
      context.log.fate(of: NodeID(1))
        == .replaced(
          by: [graph.results(graph.entry("main")!.region)[0]], rule: "expand-gradient",
          reason: "differentiated 1 node"))
    #expect(
      context.log.fate(of: NodeID(0))
        == .removed(rule: "expand-gradient", reason: "differentiated 1 node"))
  }

  @Test func aGraphWithoutGradientsIsUnchanged() throws {
    let graph = Graph("plain")
    let x = try graph.input("x", .f32, [2])
    try graph.output("y", exp(x))
    let before = Listing.of(graph)
    let context = PassContext(testing: graph)
    try context.run(ExpandGradients.self)
    #expect(Listing.of(graph) == before)
    #expect(context.log.passes[0].isUnchanged)
  }

  @Test func usesAddUpAndUnconnectedValuesHaveZeros() throws {
    let graph = Graph("uses")
    let x = try graph.input("x", .f32, [2])
    let z = try graph.input("z", .f32, [2])
    let d = try gradients(of: x * x, wrt: [x, z])
    try graph.output("x", d[0])
    try graph.output("z", d[1])
    try PassContext(testing: graph).run(ExpandGradients.self)
    #expect(
      Listing.of(graph) == [
        "%0 = constant<value: [1.0]>() f32[]",
        "%1 = broadcast_in_dim<shape: [2], dimensions: []>(%0) f32[2]",
        "%2 = multiply(%1, %x) f32[2]",
        "%3 = multiply(%1, %x) f32[2]",
        "%4 = add(%2, %3) f32[2]",
        "%5 = constant<value: [0.0]>() f32[]",
        "%6 = broadcast_in_dim<shape: [2], dimensions: []>(%5) f32[2]",
        "x = %4", "z = %6",
      ])
  }

  @Test func aSeedWeighsTheTarget() throws {
    let graph = Graph("seed")
    let x = try graph.input("x", .f32, [2])
    let seed = try graph.input("seed", .f32, [2])
    try graph.output("d", gradients(of: -x, wrt: [x], seed: seed)[0])
    try PassContext(testing: graph).run(ExpandGradients.self)
    #expect(Listing.of(graph) == ["%0 = negate(%seed) f32[2]", "d = %0"])
  }

  @Test func aValueOnTheWayPassesItsGradientOn() throws {
    let graph = Graph("way")
    let x = try graph.input("x", .f64, [])
    let y = try exp(x)
    let d = try gradients(of: y * y, wrt: [x, y])
    try graph.output("x", d[0])
    try graph.output("y", d[1])
    try PassContext(testing: graph).run(ExpandGradients.self)
    let result = try evaluate(graph, ["x": Tensor(0.5)])
    let e = 0.5.exponential
    #expect(try result.map { try $0.scalar(as: Double.self) } == [2 * e * e, 2 * e])
  }

  @Test func gradientsOfGradients() throws {
    let graph = Graph("twice")
    let x = try graph.input("x", .f64, [])
    let first = try gradients(of: x * x * x, wrt: [x])[0]
    let second = try gradients(of: first, wrt: [x])[0]
    let third = try gradients(of: second * second, wrt: [x])[0]
    try graph.output("first", first)
    try graph.output("second", second)
    try graph.output("third", third)
    try PassContext(testing: graph).run(ExpandGradients.self)
    let result = try evaluate(graph, ["x": Tensor(2.0)])
    #expect(try result.map { try $0.scalar(as: Double.self) } == [12, 12, 144])
  }

  @Test func compositesWithoutAGradientBecomeTheirBody() throws {
    let graph = Graph("matmul")
    let x = try graph.input("x", .f32, [2, 3])
    let w = try graph.input("w", .f32, [3, 4])
    let y = try matmul(x, w)
    try graph.output("y", y)
    try graph.output("d", gradients(of: y, wrt: [w])[0])
    let context = PassContext(testing: graph)
    try context.run(ExpandGradients.self)
    #expect(
      context.log.edits.map { "\($0.rule): \($0.reason)" } == [
        "inline-composite: its gradient is that of its body",
        "expand-gradient: differentiated 1 node",
      ])
    #expect(Listing.of(graph)[0].contains(" = dot_general<"))
    #expect(context.log.fate(of: NodeID(0)) != .live)
  }

  @Test func compositesOffTheWayStay() throws {
    let graph = Graph("stay")
    let x = try graph.input("x", .f32, [2, 2])
    let y = try matmul(x, x)
    let d = try gradients(of: exp(x), wrt: [x])[0]
    try graph.output("y", y + d)
    try PassContext(testing: graph).run(ExpandGradients.self)
    #expect(Listing.of(graph)[0] == "%0 = matmul(%x, %x) f32[2x2]")
  }

  @Test func integersEndTheWay() throws {
    let graph = Graph("integers")
    let x = try graph.input("x", .f32, [])
    let y = try convert(convert(x, to: .i32), to: .f32)
    try graph.output("d", gradients(of: y, wrt: [x])[0])
    try PassContext(testing: graph).run(ExpandGradients.self)
    #expect(Listing.of(graph) == ["%0 = constant<value: [0.0]>() f32[]", "d = %0"])
  }

  @Test func newNodesHaveTheLinesOfBoth() throws {
    let graph = Graph("lines")
    let x = try graph.input("x", .f32, [])
    let y = try graph.scope("model") { try log(x, fileID: "M/model.swift", line: 3) }
    let d = try gradients(of: y, wrt: [x], fileID: "M/train.swift", line: 9)[0]
    try graph.output("d", d)
    try PassContext(testing: graph).run(ExpandGradients.self)
    let region = graph.entry("main")!.region
    let divide = graph.producer(graph.results(region)[0])!
    #expect(graph.origins.lines(graph.origin(divide)) == ["M/model.swift:3", "M/train.swift:9"])
    #expect(graph.path(graph.scope(divide)) == "model")
  }

  @Test func anOpWithoutAGradientIsNamed() throws {
    let graph = Graph("round")
    let x = try graph.input("x", .f32, [])
    let y = try graph.apply1(Steps(), [x], site: CallSite(fileID: "M/model.swift", line: 3))
    let d = try gradients(of: y, wrt: [x], fileID: "M/train.swift", line: 9)[0]
    try graph.output("d", d)
    let error = #expect(throws: TenonError.self) {
      try PassContext(testing: graph).run(ExpandGradients.self)
    }
    #expect(
      error?.description == """
        steps: has no gradient; keep it off the path, or use `stopGradient`
          at M/model.swift:3
          in the gradient asked for at M/train.swift:9
          in pass expand-gradients
        """)
  }

  @Test func aGradientOfAnotherTypeIsNamed() throws {
    let graph = Graph("type")
    let x = try graph.input("x", .f32, [2])
    let y = try graph.apply1(Crooked(), [x], site: CallSite(fileID: "M/model.swift", line: 3))
    let d = try gradients(of: y, wrt: [x], fileID: "M/train.swift", line: 9)[0]
    try graph.output("d", d)
    let error = #expect(throws: TenonError.self) {
      try PassContext(testing: graph).run(ExpandGradients.self)
    }
    #expect(
      error?.description == """
        crooked: the gradient of x must have its type f32[2], not f32[]
          at M/model.swift:3
          in the gradient asked for at M/train.swift:9
          in pass expand-gradients
        """)
  }

  @Test func onlyFloatsHaveGradients() throws {
    let graph = Graph("types")
    let x = try graph.input("x", .f32, [])
    let n = try graph.input("n", .i32, [])
    let byInteger = #expect(throws: TenonError.self) {
      try gradients(of: x, wrt: [x, n], fileID: "M/train.swift", line: 9)
    }
    #expect(byInteger?.code == "element-type")
    #expect(
      byInteger?.message
        == "gradient: only floating-point values can be differentiated by, not i32[]; "
        + "leave 1 out of `wrt`")
    let ofInteger = #expect(throws: TenonError.self) { try gradients(of: n, wrt: [x]) }
    #expect(
      ofInteger?.message
        == "gradient: only a floating-point value has a gradient, not i32[]")
  }

  /// Runs the entry `main` on inputs and gives its outputs.
  private func evaluate(_ graph: Graph, _ inputs: [String: Tensor]) throws -> [Tensor] {
    try Interpreter(graph).run(graph.entry("main")!, inputs: inputs).outputs.map(\.value)
  }
}

/// An op that states no gradient.
private struct Steps: Op {
  static let name = "steps"
  static let signature = Signature(["x"])
  func infer(_ site: InferenceSite) throws -> [ValueType] { [site.type(0)] }
}

/// An op whose gradient has the wrong type.
private struct Crooked: Op {
  static let name = "crooked"
  static let signature = Signature(["x"])
  func infer(_ site: InferenceSite) throws -> [ValueType] { [site.type(0)] }
  func gradient(_ site: GradientSite) throws -> [Value?] { [try sum(site.gradient)] }
}
