import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import Testing

/// Results whose number a run decides.
@Suite struct SelectionTests {
  @Test(arguments: Backend.allCases)
  func nonzeroGivesIndices(_ backend: Backend) throws {
    let graph = Graph("places")
    let x = try graph.input("x", .f32, [2, 3])
    let places = try nonzero(x, "count")
    try graph.output("places", places)
    try graph.output("isEmpty", equal(graph.size(places.shape[0]), 0))
    let program = try compile(graph, CompileOptions(backend: backend))
    for (elements, indices) in [
      ([0, 1, 0, 2, .nan, 0], [0, 1, 1, 0, 1, 1]), ([0, 0, 0, 0, 0, 0], []),
      ([1, 1, 1, 1, 1, 1], [0, 0, 0, 1, 0, 2, 1, 0, 1, 1, 1, 2]),
    ] as [([Float], [Int64])] {
      let results = try program.run(["x": Tensor(elements, shape: [2, 3])])
      #expect(results["places"]!.shape == [indices.count / 2, 2])
      #expect(try results["places"]!.scalars() == indices)
      #expect(try results["isEmpty"]!.scalar() == indices.isEmpty)
    }
  }

  /// The size of one selection bounds the next.
  @Test(arguments: Backend.allCases)
  func selectionsFollowEachOther(_ backend: Backend) throws {
    let graph = Graph("chain")
    let x = try graph.input("x", .f32, [6])
    let positive = try take(x, nonzeroPlaces(greater(x, 0), "positive").places)
    let found = try unique(positive, "different")
    try graph.output("values", found.values)
    try graph.output("inverse", found.inverse)
    try graph.output("occurrences", found.occurrences)
    let program = try compile(graph, CompileOptions(backend: backend))
    let results = try program.run(["x": Tensor([3, -1, 2, 3, 0, 3] as [Float])])
    #expect(try results["values"]!.scalars() == [2, 3] as [Float])
    #expect(try results["inverse"]!.scalars() == [1, 0, 1, 1] as [Int64])
    #expect(try results["occurrences"]!.scalars() == [1, 3] as [Int64])
    let none = try program.run(["x": Tensor([0, 0, 0, 0, 0, 0] as [Float])])
    #expect(none["values"]!.shape == [0])
  }

  @Test(arguments: Backend.allCases)
  func boxesThatOverlapAreDropped(_ backend: Backend) throws {
    let graph = Graph("boxes")
    let boxes = try graph.input("boxes", .f32, [1, 4, 4])
    let scores = try graph.input("scores", .f32, [1, 1, 4])
    let rows = try nonMaxSuppression(
      boxes: boxes, scores: scores, limit: 4, overlap: 0.5, "chosen")
    try graph.output("rows", rows)
    let program = try compile(graph, CompileOptions(backend: backend))
    let corners: [Float] = [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 5, 1, 6, 2, 2, 3, 3]
    func run(_ scores: [Float]) throws -> Tensor {
      try program.run([
        "boxes": Tensor(corners, shape: [1, 4, 4]), "scores": Tensor(scores, shape: [1, 1, 4]),
      ])["rows"]!
    }
    let rowsOfThree = try run([0.5, 0.9, 0.7, -.infinity])
    #expect(rowsOfThree.shape == [2, 3])
    #expect(try rowsOfThree.scalars() == [0, 0, 1, 0, 0, 2] as [Int64])
    #expect(try run([-.infinity, .nan, -.infinity, -.infinity]).shape == [0, 3])
  }

  @Test func aBoundIsNeeded() throws {
    let graph = Graph("open")
    let x = try graph.input("x", .f32, [Dimension(.bound("n"))])
    var message = ""
    do { _ = try nonzero(x, "count") } catch { message = "\(error)" }
    #expect(
      message == """
        nonzero: the number of elements has no bound; give the sizes of the shape a maximum
          operand: x: f32[n]
          at CompilerTests/SelectionTests.swift:72
        """)
  }
}
