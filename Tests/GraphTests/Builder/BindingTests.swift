import TenonTensor
import Testing

@testable import TenonGraph

@Suite struct BindingTests {
  static let batch = Dimension(.bound("batch"))
  static let length = Dimension(.running("length", maximum: 8))

  static func sample() throws -> Graph {
    let graph = Graph("g")
    let x = try graph.input("x", .f32, [batch, length])
    let y = try graph.input("y", .f32, [2, length])
    try graph.add(Plus(), x, x)
    try graph.add(Plus(), y, y)
    try graph.add(Source(element: .f32, shape: [batch * 3]))
    try graph.add(Source(element: .f32, shape: [6]))
    let sizes = try graph.add(Numbers(values: [batch + 1, length]))[0]
    try graph.add(Filled(), sizes)
    graph.assume(Constraint(relation: .divisible, left: batch, right: 2, origin: .none))
    graph.assume(Constraint(relation: .atLeast, left: length, right: batch, origin: .none))
    return graph
  }

  func refusal(_ body: () throws -> Void) -> String? {
    do { try body() } catch { return "\(error)" }
    return nil
  }

  @Test func numbersReplaceSymbolsEverywhere() throws {
    let graph = try Self.sample()
    let before = graph.text()
    let copy = graph.copy()
    try copy.bind(["batch": 2])
    try copy.verify()
    #expect(
      copy.text() == """
        graph "g" {
          symbol length max 8
          assume length >= 2
          entry "main" ("x" %0: f32[2, length], "y" %1: f32[2, length]) {
            %2 = plus(%0, %0): f32[2, length]
            %3 = plus(%1, %1): f32[2, length]
            %4 = source() {element = f32, shape = [6]}: f32[6]
            %5 = source() {element = f32, shape = [6]}: f32[6]
            %6 = numbers() {values = [3, length]}: i64[2]
            %7 = filled(%6): f32[3, length]
          } -> ()
        }

        """)
    #expect(graph.text() == before)
    try graph.verify()
    // What has become equal is one.
    let nodes = copy.nodes(copy.entries[0].region)
    #expect(copy.typeID(copy.result(nodes[0])) == copy.typeID(copy.result(nodes[1])))
    #expect(copy.opID(nodes[2]) == copy.opID(nodes[3]))
    // Recording goes on with the numbers.
    let x = Value(copy, copy.arguments(copy.entries[0].region)[0])
    #expect(try copy.add(Plus(), x, x)[0].type.description == "f32[2, length]")
    try copy.bind(["length": 4])
    try copy.verify()
    #expect(copy.symbols.isEmpty)
    #expect(copy.constraints.isEmpty)
  }

  @Test func numbersThatDoNotFitAreRefused() throws {
    func binding(_ sizes: [String: Int]) throws -> String? {
      let graph = try Self.sample()
      return refusal { try graph.bind(sizes) }
    }
    #expect(
      try binding(["heads": 2]) == """
        bind: the graph has no dimension heads
          dimensions: batch, length
        """)
    #expect(
      try binding(["length": 9])
        == "bind: dimension length must lie between 0 and 8, given 9")
    #expect(
      try binding(["batch": 3])
        == "bind: recording assumed batch is a multiple of 2, but the sizes give "
        + "3 is a multiple of 2")
    #expect(
      try binding(["batch": 1 << 46])
        == "bind: f32[batch, length] becomes f32[70368744177664, length]; sizes, and their product, "
        + "must lie between 0 and 2^46")
    let graph = Graph("g")
    try graph.add(Source(element: .f32, shape: [Self.batch - 3]))
    #expect(
      refusal { try graph.bind(["batch": 2]) }
        == "bind: f32[batch - 3] becomes f32[-1]; sizes, and their product, must lie between 0 and "
        + "2^46")
  }
}
