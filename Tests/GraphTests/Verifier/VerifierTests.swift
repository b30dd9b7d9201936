import TenonTensor
import Testing

@testable import TenonGraph

/// Each rule of the verifier, broken alone in a sound graph.
@Suite struct VerifierTests {
  /// `x`, a node `plus`, two copies of it, and an `either` with two regions; a variable `w`.
  struct Sample {
    let graph = Graph("g")
    let entry: Entry
    let nodes: [NodeID]

    init() throws {
      let graph = graph
      let w = try graph.variable("w", fileID: "T/a.swift", line: 1) {
        try $0.add(Source(element: .f32, shape: [2]))[0]
      }
      try graph.entry("run", fileID: "T/a.swift", line: 2) {
        let x = try graph.input("x", .f32, [2], fileID: "T/a.swift", line: 8)
        let c = try graph.input("c", .bool, [], fileID: "T/a.swift", line: 9)
        let sum = try graph.add(Plus(), x, w.read(), line: 3)[0]
        let copies = try graph.add(Copies(), sum, line: 4)
        let chosen = try Either.record(c) {
          [try graph.add(Plus(), copies[0], x, line: 5)[0]]
        } else: {
          [copies[1]]
        }
        try graph.output("y", chosen[0])
        try w.assign(sum)
      }
      entry = graph.entries[1]
      nodes = graph.nodes(entry.region)
    }

    func refusal() -> String? {
      do { try graph.verify() } catch let error as TenonError {
        return error.code == "verify" ? error.description : "other"
      } catch { return "other" }
      return nil
    }
  }

  @Test func soundGraphsPassAndStayAsTheyAre() throws {
    let sample = try Sample()
    let before = sample.graph.text(.init(origins: true))
    #expect(sample.refusal() == nil)
    #expect(sample.graph.text(.init(origins: true)) == before)
    #expect(Graph("empty").entries.isEmpty)
    try Graph("empty").verify()
  }

  @Test func verifyingAssumesNothing() throws {
    let graph = Graph("g")
    let x = try graph.input("x", .f32, [Dimension(.bound("a"))])
    let y = try graph.input("y", .f32, [Dimension(.bound("b"))])
    try graph.add(Plus(), x, y)
    #expect(graph.constraints.map(\.description) == ["a == b"])
    graph.constraints = []
    graph.constraintLookup = []
    try graph.verify()
    #expect(graph.constraints.isEmpty)
  }

  @Test func operandsComeEarlier() throws {
    let sample = try Sample()
    sample.graph.setNodes(
      sample.entry.region, [sample.nodes[1], sample.nodes[0], sample.nodes[2]])
    #expect(
      sample.refusal() == """
        verify: node 2, copies: operand 0 is not defined before the node
          at T/a.swift:4
        """)
  }

  @Test func operandsBelongToTheRegion() throws {
    let sample = try Sample()
    let inner = sample.graph.nodes(sample.graph.regions(sample.nodes[2])[0])[0]
    sample.graph.setOperand(inner, 0, sample.graph.result(sample.nodes[0]))
    #expect(
      sample.refusal() == """
        verify: node 3, plus: operand 0 belongs to another region
          at T/a.swift:5
        """)
  }

  @Test func operandsExist() throws {
    let sample = try Sample()
    sample.graph.setOperand(sample.nodes[0], 1, ValueID(99))
    #expect(
      sample.refusal() == """
        verify: node 1, plus: operand 1 is not defined before the node
          at T/a.swift:3
        """)
  }

  @Test func nodesAreInOnePlace() throws {
    let sample = try Sample()
    sample.graph.setNodes(sample.entry.region, sample.nodes + [sample.nodes[0]])
    #expect(
      sample.refusal() == """
        verify: node 1, plus: is in two places
          at T/a.swift:3
        """)
    let inner = sample.graph.regions(sample.nodes[2])[1]
    sample.graph.setNodes(sample.entry.region, sample.nodes)
    sample.graph.setNodes(inner, [sample.graph.nodes(sample.graph.regions(sample.nodes[2])[0])[0]])
    #expect(
      sample.refusal() == """
        verify: node 3, plus: is in a region that is not its own
          at T/a.swift:5
        """)
  }

  @Test func regionsHaveOneOwner() throws {
    let sample = try Sample()
    let node = sample.nodes[2]
    sample.graph.regionPool[Int(sample.graph.nodeRecords[node.index].regionStart) + 1] =
      sample.graph.regions(node)[0]
    #expect(
      sample.refusal() == """
        verify: node 4, either: region 2 is in another place too
          at T/e.swift:1
        """)
    sample.graph.regionPool[Int(sample.graph.nodeRecords[node.index].regionStart) + 1] = RegionID(
      50)
    #expect(
      sample.refusal() == """
        verify: node 4, either: region 50 is none
          at T/e.swift:1
        """)
  }

  @Test func typesAreThoseInferred() throws {
    let sample = try Sample()
    sample.graph.setType(sample.graph.result(sample.nodes[1], 1), .tensor(.f32, [3]))
    #expect(
      sample.refusal() == """
        verify: node 2, copies: result 1 is f32[3], inference gives f32[2]
          at T/a.swift:4
        """)
  }

  @Test func inferenceAcceptsTheOperands() throws {
    let sample = try Sample()
    sample.graph.setOperand(sample.nodes[0], 1, sample.graph.arguments(sample.entry.region)[1])
    #expect(
      sample.refusal() == """
        verify: node 1, plus: inference refuses it: plus: operands must have one element type; \
        insert `convert` first
          operands: x f32[2], c bool[]
          x from T/a.swift:8, c from T/a.swift:9
          at T/a.swift:3
        """)
  }

  @Test func layoutsMayDifferFromInference() throws {
    let graph = Graph("g")
    let x = try graph.add(Source(element: .f32, shape: [2]), line: 4)[0]
    let sum = try graph.add(Plus(), x, x, line: 5)[0]
    let copy = try graph.add(Copies(), sum, line: 6)[1]
    func set(_ value: Value, _ parts: [Layout.Part]) {
      graph.setType(value.id, .tensor(TensorType(.f32, [2], layout: Layout(parts))))
    }
    let twos = Layout.blocked(0, by: 2, rank: 1).parts
    set(copy, twos)
    #expect(
      throws: TenonError(
        "verify",
        "verify: node 2, copies: only a compute whose results share one layout reads or writes in "
          + "layouts", location: "T/a.swift:6")
    ) { try graph.verify() }
    set(copy, [])
    graph.setType(copy.id, .tensor(.f32, [2]))
    set(sum, Layout.blocked(0, by: 3, rank: 1).parts)
    #expect(
      throws: TenonError(
        "verify",
        "verify: node 1, plus: its result has a layout, but 2 along axis 0 is no multiple of 3",
        location: "T/a.swift:5")
    ) { try graph.verify() }
    graph.setType(sum.id, .tensor(.f32, [2]))
    try graph.verify()
    graph.setType(x.id, .tensor(TensorType(.f32, [2], layout: Layout([]))))
    #expect(
      throws: TenonError(
        "verify", "verify: node 0, source: result 0: the layout of f32[2]{} does not fit its rank",
        location: "T/a.swift:4")
    ) { try graph.verify() }
  }

  @Test func everyNodeHasAnOrigin() throws {
    let sample = try Sample()
    sample.graph.setOrigin(sample.nodes[1], .none)
    #expect(sample.refusal() == "verify: node 2, copies: has no origin")
  }

  @Test func bindingsMatchTheRegion() throws {
    let sample = try Sample()
    func with(_ change: (inout Entry) -> Void) -> String? {
      var entries = sample.graph.entries
      change(&entries[1])
      let before = sample.graph.entries
      sample.graph.setEntries(entries)
      defer { sample.graph.setEntries(before) }
      return sample.refusal()
    }
    #expect(
      with { $0.arguments.removeLast() }
        == "verify: entry run: has 3 arguments but 2 names for them")
    #expect(
      with { $0.results.append(.port("z")) }
        == "verify: entry run: has 2 results but 3 names for them")
    #expect(
      with { $0.arguments[1] = .port("x") } == "verify: entry run: argument x is there twice")
    #expect(
      with { $0.arguments[1] = .variable(VariableID(0)) }
        == "verify: entry run: variable w holds f32[2], its argument is bool[]")
    #expect(
      with { $0.results[0] = .variable(VariableID(7)) }
        == "verify: entry run: result binds variable 7, which is none")
    #expect(with { $0.name = "initialize" } == "verify: entry initialize: is there twice")
    #expect(
      with { $0.region = RegionID(0) }
        == "verify: entry run: region 0 is in another place too")
    #expect(with { _ in } == nil)
  }

  @Test func resultsOfRegionsAreTheirOwn() throws {
    let sample = try Sample()
    let inner = sample.graph.regions(sample.nodes[2])[1]
    sample.graph.setResults(inner, [sample.graph.result(sample.nodes[0])])
    #expect(sample.refusal() == "verify: region 3: result 0 is no value of the region")
  }

  @Test func argumentsAreDefinedByTheirRegion() throws {
    let sample = try Sample()
    let region = sample.entry.region
    sample.graph.regionRecords[region.index].arguments.reverse()
    #expect(sample.refusal() == "verify: region 1: argument 0 is not defined by it")
  }

  @Test func symbolsAreRegisteredOnce() throws {
    let sample = try Sample()
    let stranger = Dimension(.bound("stranger"))
    sample.graph.setType(
      sample.graph.arguments(sample.entry.region)[0], .tensor(.f32, [stranger]))
    #expect(
      sample.refusal()
        == "verify: region 1: argument 0: symbol stranger of f32[stranger] is not registered")
    let other = try Sample()
    other.graph.assume(Constraint(relation: .equal, left: stranger, right: 2, origin: .none))
    #expect(
      other.refusal()
        == "verify: constraint stranger == 2: symbol stranger is not registered")
    let third = try Sample()
    third.graph.symbols = [.bound("a"), .bound("a")]
    third.graph.symbolsByName = ["a": .bound("a")]
    #expect(third.refusal() == "verify: symbol a: is registered twice")
    let fourth = Graph("g")
    try fourth.add(Source(element: .f32, shape: [Dimension(.bound("a"))]))
    fourth.symbols = []
    fourth.symbolsByName = [:]
    #expect(
      throws: TenonError(
        "verify", "verify: node 0, source: symbol a of its attributes is not registered",
        location: "T/a.swift:1")
    ) { try fourth.verify() }
  }

  @Test func variablesDiffer() throws {
    let sample = try Sample()
    sample.graph.variables.append(sample.graph.variables[0])
    #expect(sample.refusal() == "verify: variable w: is there twice")
  }

  @Test func knownElementsAgree() throws {
    let graph = Graph("g")
    let sizes = try graph.add(Numbers(values: [2, 3]), line: 9)[0]
    try graph.verify()
    graph.setKnownElements(sizes.id, [2, 4])
    #expect(
      throws: TenonError(
        "verify",
        "verify: node 0, numbers: its known elements are [2, 4], the op states [2, 3]",
        location: "T/a.swift:9")
    ) { try graph.verify() }
    graph.setKnownElements(sizes.id, [2])
    #expect(
      throws: TenonError(
        "verify", "verify: node 0, numbers: result 0: i64[2] cannot have the known elements [2]",
        location: "T/a.swift:9")
    ) { try graph.verify() }
    graph.setKnownElements(sizes.id, [2, Dimension(.bound("a"))])
    #expect(
      throws: TenonError(
        "verify",
        "verify: node 0, numbers: result 0: symbol a of its known elements is not registered",
        location: "T/a.swift:9")
    ) { try graph.verify() }
  }
}
