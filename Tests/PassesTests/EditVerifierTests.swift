import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct EditVerifierTests {
  /// A wrong rewrite: what it matches, what it records, and the graph that has it.
  struct Wrong: Sendable, CustomTestStringConvertible {
    let name: String
    let ops: OpSelection
    let record: @Sendable (Graph) throws -> Value
    let replacement: @Sendable (RewriteSite) throws -> Value?
    var testDescription: String { name }

    init(
      _ name: String, _ ops: OpSelection, _ record: @escaping @Sendable (Graph) throws -> Value,
      _ replacement: @escaping @Sendable (RewriteSite) throws -> Value?
    ) {
      self.name = name
      self.ops = ops
      self.record = record
      self.replacement = replacement
    }
  }

  static let wrong: [Wrong] = [
    Wrong("x - x is 0", .types(Subtract.self), { try { try $0 - $0 }($0.x([3])) }) {
      try $0.result().filled(0, site: CallSite())
    },
    Wrong("x * 0 is 0", .types(Multiply.self), { try $0.x([3]) * 0 }) { $0.operand(1) },
    Wrong("x + 0 is x", .types(Add.self), { try $0.x([3]) + 0 }) { $0.operand(0) },
    Wrong(
      "swapped transpose", .types(Transpose.self), { try transpose($0.x([2, 2, 2]), [1, 2, 0]) }
    ) { try transpose($0.operand(0), [2, 0, 1]) },
    Wrong("(a + b) - b is a", .types(Subtract.self), { try ($0.x([3]) + $0.y([3])) - $0.b! }) {
      $0.operand(0, of: $0.producer($0.operand(0))!)
    },
    Wrong("max without NaN", .types(Maximum.self), { try maximum($0.x([5]), $0.y([5])) }) {
      try select(greater($0.operand(0), $0.operand(1)), $0.operand(0), $0.operand(1))
    },
    Wrong("/ 2 is >> 1", .types(Divide.self), { try $0.x([9], .i32) / 2 }) {
      try shiftRightArithmetic($0.operand(0), $0.operand(0).filled(1, site: CallSite()))
    },
    Wrong(
      "unsigned compare is signed", .types(Compare.self),
      { try less($0.x([9], .u32), $0.y([9], .u32)) }
    ) { try less(convert($0.operand(0), to: .i32), convert($0.operand(1), to: .i32)) },
    Wrong(
      "dropped convert", .types(Convert.self),
      {
        try convert(convert($0.x([9]), to: .i8), to: .f32)
      }
    ) { site in
      guard let node = site.producer(site.operand(0)) else { return nil }
      return site.operand(0, of: node)
    },
    Wrong("reversed comparison", .types(Compare.self), { try less($0.x([3]), $0.y([3])) }) {
      try greaterOrEqual($0.operand(0), $0.operand(1))
    },
    Wrong(
      "broadcast of the wrong axis", .types(BroadcastInDim.self),
      {
        try $0.apply1(
          BroadcastInDim(shape: [3, 3], dimensions: [0]), [$0.x([3])], site: CallSite())
      }
    ) {
      try $0.graph.apply1(
        BroadcastInDim(shape: [3, 3], dimensions: [1]), [$0.operand(0)], site: CallSite())
    },
    Wrong("sum of nothing is one", .types(Reduce.self), { try sum($0.x([0])) }) {
      try product($0.operand(0))
    },
    Wrong(
      "fold with wrong rounding", .types(Add.self),
      {
        try $0.scalar(2048, .f16) + $0.scalar(1, .f16)
      }
    ) { try $0.graph.scalar(2050, .f16) },
    Wrong(
      "merged random numbers", .types(RandomBits.self),
      { graph in
        let key = try graph.x([2], .u32)
        let first = try graph.apply1(
          RandomBits(.u32, [4]), [key, graph.scalar(1, .i64)], site: CallSite())
        let second = try graph.apply1(
          RandomBits(.u32, [4]), [key, graph.scalar(2, .i64)], site: CallSite())
        return try first - second
      }
    ) { site in
      let nodes = site.precedingNodes.filter { site.graph.op($0) is RandomBits }
      return nodes.first.map { Value(site.graph, site.graph.result($0)) }
    },
    Wrong(
      "a large transpose dropped", .types(Transpose.self),
      {
        try transpose($0.x([768, 768]))
      }
    ) { $0.operand(0) },
    Wrong(
      "a transpose of symbolic sizes dropped", .types(Transpose.self),
      {
        let n = Dimension(.bound("n"))
        return try transpose($0.x([n, n]))
      }
    ) { $0.operand(0) },
  ]

  @Test(arguments: wrong) func aWrongRewriteIsNamed(_ wrong: Wrong) throws {
    let graph = Graph("wrong")
    try graph.output("result", wrong.record(graph))
    let context = PassContext(testing: graph, options: PassOptions(verify: true))
    let error = #expect(throws: TenonError.self) {
      try context.rewriteOnce("wrong-rule", wrong.ops) { site in
        try wrong.replacement(site).map { .replace($0, because: wrong.name) }
      }
    }
    #expect(error?.code == "wrong-rewrite")
    #expect(
      error?.message.hasPrefix("rule wrong-rule: the replacement of ") ?? false,
      "\(error?.description ?? "")")
    #expect(error?.details.first == "its reason: \(wrong.name)")
  }

  @Test func theMessageHasTheFirstDifference() throws {
    let graph = Graph("message")
    let x = try graph.input("x", .i32, [2])
    let y = try graph.apply1(
      Negate(), [x], site: CallSite(fileID: "M/model.swift", line: 3))
    try graph.output("y", y)
    let context = PassContext(testing: graph, options: PassOptions(verify: true))
    let error = #expect(throws: TenonError.self) {
      try context.rewriteOnce("drop-sign", .types(Negate.self)) {
        .replace($0.operand(0), because: "signs do not matter")
      }
    }
    let lines = error?.description.split(separator: "\n").map(String.init) ?? []
    #expect(lines.count == 4)
    #expect(
      lines[0]
        == "rule drop-sign: the replacement of negate computes something else; correct the rule")
    #expect(lines[1] == "  its reason: signs do not matter")
    #expect(lines[2].hasPrefix("  result 0 at [0]: "))
    #expect(lines[3] == "  at M/model.swift:3")
  }

  @Test func aBarrierIsNotReplaced() throws {
    let graph = Graph("barrier")
    let x = try graph.input("x", .f32, [2])
    let site = CallSite(fileID: "M/model.swift", line: 3)
    try graph.output("y", graph.apply1(Barrier(), [x], site: site))
    let context = PassContext(testing: graph, options: PassOptions(verify: true))
    let error = #expect(throws: TenonError.self) {
      try context.rewriteOnce("drop-barrier", .types(Barrier.self)) {
        .replace($0.operand(0), because: "it does nothing")
      }
    }
    #expect(
      error?.description == """
        rule drop-barrier: test_barrier keeps apart what is before and after it; \
        a rewrite must record another in its place
          at M/model.swift:3
        """)
  }

  @Test func roundingMayDifferWhereARuleSaysSo() throws {
    func run(isExact: Bool) throws {
      let graph = Graph("rounding")
      let (x, y, z) = (try graph.x([3]), try graph.y([3]), try graph.input("z", .f32, [3]))
      try graph.output("result", (x + y) + z)
      let context = PassContext(testing: graph, options: PassOptions(verify: true))
      try context.run(RemoveDeadNodes.self)
      try context.rewriteOnce("associate", .types(Add.self), isExact: isExact) { site in
        guard let (_, inner) = site.producer(site.operand(0), as: Add.self) else { return nil }
        return .replace(
          try site.operand(0, of: inner) + (site.operand(1, of: inner) + site.operand(1)),
          because: "a test")
      }
      #expect(context.log.passes[0].checkedEdits == 1)
    }
    try run(isExact: false)
    #expect(throws: TenonError.self) { try run(isExact: true) }
  }

  @Test func aPassThatChangesAnEntryIsNamed() throws {
    let graph = Graph("entry")
    let x = try graph.input("x", .i32, [1])
    try graph.output("a", x)
    try graph.output("b", -x)
    let context = PassContext(testing: graph, options: PassOptions(verify: true))
    let error = #expect(throws: TenonError.self) { try context.run(SwapOutputs.self) }
    let lines = error?.description.split(separator: "\n").map(String.init) ?? []
    #expect(lines.count == 3)
    #expect(lines[0] == "entry main computes something else after the pass; correct the pass")
    #expect(lines[1].hasPrefix("  result 0 at [0]: "))
    #expect(lines[2] == "  in pass swap-outputs")
  }

  @Test func theStandardPipelineIsVerified() throws {
    let graph = Graph("pipeline")
    let batch = Dimension(.bound("batch"))
    let x = try graph.input("x", .f32, [batch, 3])
    let w = try graph.input("w", .f32, [3, 2])
    let labels = try graph.input("labels", .i32, [batch])
    let loss = try mean(crossEntropy(relu(-(-matmul(x, w))) * 1, labels: labels))
    try graph.output("w", w - gradients(of: loss, wrt: [w])[0] * (0.5 + 0.25))
    try graph.output("loss", loss)
    let log = try Pipeline.standard.run(
      on: graph, target: Target(.generic), catalog: .standard, options: PassOptions(verify: true))
    let edits = log.passes.filter { $0.name != "remove-dead-nodes" }
    #expect(edits.reduce(0) { $0 + $1.checkedEdits } == log.edits.count { $0.node != nil } - 1)
    #expect(
      edits.flatMap(\.uncheckedEdits) == [
        "expand-gradient: gradient neither evaluates nor has a body"
      ])
  }
}

/// Records the outputs in the other order.
private struct SwapOutputs: GraphPass {
  static let name = "swap-outputs"
  func run(_ context: PassContext) throws {
    let region = context.graph.entries[0].region
    context.graph.setResults(region, context.graph.results(region).reversed())
  }
}

extension Graph {
  fileprivate func x(_ shape: Shape, _ element: ElementType = .f32) throws -> Value {
    try input("x", element, shape)
  }

  fileprivate func y(_ shape: Shape, _ element: ElementType = .f32) throws -> Value {
    try input("y", element, shape)
  }

  /// The input `y` again.
  fileprivate var b: Value? {
    entries.first.flatMap { entry in
      arguments(entry.region).first { name($0) == "y" }.map { Value(self, $0) }
    }
  }
}
