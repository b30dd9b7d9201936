import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct SimplifyAlgebraTests {
  /// One expression, what it becomes (`x` for the operand), and the rule's reason.
  struct Row: CustomTestStringConvertible, Sendable {
    let text: String
    let element: ElementType
    let record: @Sendable (Value) throws -> Value
    let lines: [String]
    let reasons: [String]
    var testDescription: String { "\(text) of \(element)" }

    init(
      _ text: String, _ element: ElementType, becomes lines: [String], because reasons: [String],
      _ record: @escaping @Sendable (Value) throws -> Value
    ) {
      self.text = text
      self.element = element
      self.record = record
      self.lines = lines
      self.reasons = reasons
    }
  }

  static let rows: [Row] = [
    Row("x * 1", .f32, becomes: ["y = %x"], because: ["x * 1 is x"]) { try $0 * 1 },
    Row("1 * x", .bf16, becomes: ["y = %x"], because: ["x * 1 is x"]) { try 1 * $0 },
    Row("x / 1", .f32, becomes: ["y = %x"], because: ["x / 1 is x"]) { try $0 / 1 },
    Row("x + -0.0", .f32, becomes: ["y = %x"], because: ["x + (-0) is x"]) { try $0 + -0.0 },
    Row("-0.0 + x", .f64, becomes: ["y = %x"], because: ["x + (-0) is x"]) { try -0.0 + $0 },
    Row("x - 0", .f32, becomes: ["y = %x"], because: ["x - 0 is x"]) { try $0 - 0 },
    Row("x + 0", .i32, becomes: ["y = %x"], because: ["x + 0 is x"]) { try $0 + 0 },
    Row("x - 0", .u8, becomes: ["y = %x"], because: ["x - 0 is x"]) { try $0 - 0 },
    Row("x / 1", .i8, becomes: ["y = %x"], because: ["x / 1 is x"]) { try $0 / 1 },
    Row(
      "x * 0", .i32,
      becomes: [
        "%0 = constant<value: [0]>() i32[]",
        "%1 = broadcast_in_dim<shape: [2], dimensions: []>(%0) i32[2]", "y = %1",
      ], because: ["x * 0 is 0 for integers"]
    ) { try $0 * 0 },
    Row(
      "x - x", .i32,
      becomes: [
        "%0 = constant<value: [0]>() i32[]",
        "%1 = broadcast_in_dim<shape: [2], dimensions: []>(%0) i32[2]", "y = %1",
      ], because: ["x - x is 0 for integers"]
    ) { try $0 - $0 },
    Row("-(-x)", .f32, becomes: ["y = %x"], because: ["-(-x) is x"]) { try -(-$0) },
    Row(
      "x + (-x)", .f32, becomes: ["%0 = subtract(%x, %x) f32[2]", "y = %0"],
      because: ["x + (-y) is x - y"]
    ) { try $0 + -$0 },
    Row(
      "x - (-x)", .f32, becomes: ["%0 = add(%x, %x) f32[2]", "y = %0"],
      because: ["x - (-y) is x + y"]
    ) { try $0 - -$0 },
    Row(
      "(-x) + x", .f32, becomes: ["%0 = subtract(%x, %x) f32[2]", "y = %0"],
      because: ["(-y) + x is x - y"]
    ) { try -$0 + $0 },
    Row(
      "select(p, x, x)", .f32, becomes: ["y = %x"], because: ["both choices are the same"]
    ) { try select(greater($0, 2), $0, $0) },
    Row(
      "select(true, x, -x)", .f32, becomes: ["y = %x"],
      because: ["the predicate is always true"]
    ) { try select($0.graph.constant(Tensor(true)), $0, -$0) },
    Row(
      "max(x, x)", .f32, becomes: ["y = %x"],
      because: ["the larger and the smaller of x and x are x"]
    ) { try maximum($0, $0) },
    Row(
      "x < x", .f32,
      becomes: [
        "%0 = constant<value: [0]>() bool[]",
        "%1 = broadcast_in_dim<shape: [2], dimensions: []>(%0) bool[2]", "y = %1",
      ], because: ["a value compared with itself is always false"]
    ) { try less($0, $0) },
    Row(
      "x == x", .i32,
      becomes: [
        "%0 = constant<value: [1]>() bool[]",
        "%1 = broadcast_in_dim<shape: [2], dimensions: []>(%0) bool[2]", "y = %1",
      ], because: ["a value compared with itself is always true"]
    ) { try equal($0, $0) },
    Row(
      "f16 -> f32 -> f16", .f16, becomes: ["y = %x"], because: ["f32 holds every f16"]
    ) { try convert(convert($0, to: .f32), to: .f16) },
    Row(
      "i8 -> i32 -> u8", .i8, becomes: ["%0 = convert<element: u8>(%x) u8[2]", "y = %0"],
      because: ["i32 holds every i8"]
    ) { try convert(convert($0, to: .i32), to: .u8) },
  ]

  @Test(arguments: rows) func becomes(_ row: Row) throws {
    let (graph, context) = try Self.run(row.element, row.record)
    #expect(Listing.of(graph) == row.lines)
    #expect(context.log.edits.map(\.reason) == row.reasons)
  }

  /// Expressions that look as if they could be simplified but must not be, with the refusal.
  static let kept: [Row] = [
    Row("x + 0", .f32, becomes: [], because: []) { try $0 + 0 },
    Row("x - -0.0", .f32, becomes: [], because: []) { try $0 - -0.0 },
    Row(
      "x * 0", .f32, becomes: [],
      because: [
        "x * 0 is not 0 for NaN, infinities and negative numbers"
      ]
    ) { try $0 * 0 },
    Row("x - x", .f32, becomes: [], because: ["x - x is not 0 for NaN and infinities"]) {
      try $0 - $0
    },
    Row("x / x", .f32, becomes: [], because: []) { try $0 / $0 },
    Row("(x + x) - x", .f32, becomes: [], because: []) { try ($0 + $0) - $0 },
    Row("x == x", .f32, becomes: [], because: ["NaN differs from itself"]) { try equal($0, $0) },
    Row("f32 -> f16 -> f32", .f32, becomes: [], because: ["f16 does not hold every f32"]) {
      try convert(convert($0, to: .f16), to: .f32)
    },
    Row("i8 -> f32 -> u8", .i8, becomes: [], because: ["i8 to u8 wraps, f32 to u8 saturates"]) {
      try convert(convert($0, to: .f32), to: .u8)
    },
    Row("i32 -> f32 -> i32", .i32, becomes: [], because: ["f32 does not hold every i32"]) {
      try convert(convert($0, to: .f32), to: .i32)
    },
  ]

  @Test(arguments: kept) func stays(_ row: Row) throws {
    let graph = Graph("kept")
    let x = try graph.input("x", row.element, [2])
    try graph.output("y", row.record(x))
    let before = Listing.of(graph)
    let context = PassContext(testing: graph)
    try context.run(SimplifyAlgebra.self)
    #expect(Listing.of(graph) == before)
    #expect(context.log.passes[0].isUnchanged)
    #expect(context.log.passes[0].refusals.map(\.reason) == row.reasons)
  }

  static func run(_ element: ElementType, _ record: (Value) throws -> Value) throws -> (
    Graph, PassContext
  ) {
    let graph = Graph("algebra")
    let x = try graph.input("x", element, [2])
    try graph.output("y", record(x))
    let context = PassContext(testing: graph)
    try context.run(SimplifyAlgebra.self)
    return (graph, context)
  }
}
