import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct RegionGradientTests {
  private func call(
    _ graph: Graph, _ values: [Value], _ body: @escaping ([Value]) throws -> [Value]
  )
    throws -> [Value]
  {
    let (regions, captured) = try graph.recordRegions([(values.map(\.type), body)])
    return try graph.apply(Call(), values + captured, regions: regions, site: CallSite())
  }

  @Test func aRegionIsDifferentiatedInARegion() throws {
    let graph = Graph("region")
    let x = try graph.input("x", .f32, [])
    let y = try call(graph, [x]) { [try exp($0[0])] }[0]
    try graph.output("d", gradients(of: y, wrt: [x])[0])
    try PassContext(testing: graph).run(ExpandGradients.self)
    #expect(
      Listing.of(graph) == [
        "%0 = constant<value: [1.0]>() f32[]",
        "%1 = call(%x, %0) f32[]",
        "  {%2, %3",
        "  %4 = exponential(%2) f32[]",
        "  %5 = multiply(%3, %4) f32[]",
        "  } %5",
        "d = %1",
      ])
  }

  @Test func capturesUnusedResultsAndIntegersAreHandled() throws {
    let graph = Graph("captures")
    let x = try graph.input("x", .f64, [2])
    let w = try graph.input("w", .f64, [2])
    let n = try graph.input("n", .i64, [2])
    let results = try call(graph, [x, n]) { inner in
      [try inner[0] * w * w, try exp(inner[0]), inner[1]]
    }
    let d = try gradients(of: results[0], wrt: [x, w])
    try graph.output("x", d[0])
    try graph.output("w", d[1])
    try PassContext(testing: graph).run(ExpandGradients.self)
    let result = try evaluate(
      graph, ["x": Tensor([2.0, 3.0]), "w": Tensor([5.0, 7.0]), "n": Tensor([1, 2] as [Int64])])
    #expect(try result[0].scalars(as: Double.self) == [25, 49])
    #expect(try result[1].scalars(as: Double.self) == [20, 42])
  }

  @Test func compositesAndGradientsInRegionsAreExpandedFirst() throws {
    let graph = Graph("nested")
    let x = try graph.input("x", .f64, [2, 2])
    let y = try call(graph, [x]) { inner in
      let squared = try matmul(inner[0], inner[0])
      return [try gradients(of: squared, wrt: [inner[0]])[0]]
    }[0]
    let d = try gradients(of: y, wrt: [x])[0]
    try graph.output("d", d)
    try PassContext(testing: graph).run(ExpandGradients.self)
    // The sum over x x is quadratic in x, so that its second derivative is constant.
    let x1 = try Tensor([1.0, 2, 3, 4], shape: [2, 2])
    let x2 = try Tensor([-1.0, 5, 0, 2], shape: [2, 2])
    let (a, b) = (try evaluate(graph, ["x": x1])[0], try evaluate(graph, ["x": x2])[0])
    #expect(try a.scalars(as: Double.self) == [4, 4, 4, 4])
    #expect(a.isIdentical(to: b))
  }

  @Test func gradientsOfGradientsPassThroughRegions() throws {
    let graph = Graph("twice")
    let x = try graph.input("x", .f64, [])
    let y = try call(graph, [x]) { [try $0[0] * $0[0] * $0[0]] }[0]
    let first = try gradients(of: y, wrt: [x])[0]
    try graph.output("d", gradients(of: first, wrt: [x])[0])
    try PassContext(testing: graph).run(ExpandGradients.self)
    #expect(try evaluate(graph, ["x": Tensor(2.0)])[0].scalar(as: Double.self) == 12)
  }

  @Test func anErrorInsideARegionNamesBothLines() throws {
    let graph = Graph("error")
    let x = try graph.input("x", .f32, [])
    let y = try call(graph, [x]) {
      [try graph.apply1(NoSlope(), $0, site: CallSite(fileID: "M/model.swift", line: 3))]
    }[0]
    let d = try gradients(of: y, wrt: [x], fileID: "M/train.swift", line: 9)[0]
    try graph.output("d", d)
    let error = #expect(throws: TenonError.self) {
      try PassContext(testing: graph).run(ExpandGradients.self)
    }
    #expect(
      error?.description == """
        no_slope: has no gradient; keep it off the path, or use `stopGradient`
          at M/model.swift:3
          in the gradient asked for at M/train.swift:9
          in pass expand-gradients
        """)
  }

  private func evaluate(_ graph: Graph, _ inputs: [String: Tensor]) throws -> [Tensor] {
    try Interpreter(graph).run(graph.entry("main")!, inputs: inputs).outputs.map(\.value)
  }
}

/// Runs its region once.
private struct Call: PrimitiveOp {
  static let name = "call"
  static let signature = Signature(["operands…"], ["results…"], regions: ["body"])

  func infer(_ site: InferenceSite) throws -> [ValueType] { site.region(0).results }

  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    try site.callRegion(0, operands)
  }

  func gradient(_ site: GradientSite) throws -> [Value?] {
    let region = try site.regionGradient(
      site.regions[0], seeded: site.gradients.map { $0 != nil }, wanted: site.wanted)
    var found = try site.graph.apply(
      Call(), site.operands + site.gradients.compactMap { $0 }, regions: [region],
      site: CallSite())[...]
    return site.wanted.map { $0 ? found.removeFirst() : nil }
  }
}

/// An op that states no gradient.
private struct NoSlope: Op {
  static let name = "no_slope"
  static let signature = Signature(["x"])
  func infer(_ site: InferenceSite) throws -> [ValueType] { [site.type(0)] }
}
