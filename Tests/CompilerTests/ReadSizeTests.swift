import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

/// Sizes that a run computes: one plan serves whatever they come to.
@Suite struct ReadSizeTests {
  /// The elements over a threshold, squared, how many they are, and as many twos.
  private func graph() throws -> Graph {
    let graph = Graph("positive")
    let x = try graph.input("x", .f32, [8])
    let isKept = try greater(x, 0)
    let count = try runningSize(sum(convert(isKept, to: .i64)), "count", maximum: 8)
    let places = try argSort(convert(not(isKept), to: .i32), axis: 0)
    let kept = try take(x, slice(places, axis: 0, from: 0, to: count), axis: 0)
    try graph.output("squares", kept * kept)
    try graph.output("count", graph.size(count))
    try graph.output("twos", broadcast(graph.scalar(2, .f32), to: [count, 2]))
    return graph
  }

  @Test(arguments: Backend.allCases, [1, 2])
  func onePlanServesEverySize(_ backend: Backend, _ threads: Int) throws {
    let program = try compile(graph(), CompileOptions(backend: backend, threads: threads))
    for input: [Float] in [
      [1, -1, 2, -2, 3, -3, 4, -4], [-1, -1, -1, -1, -1, -1, -1, -1],
      [1, 2, 3, 4, 5, 6, 7, 8], [-1, -1, -1, -1, -1, -1, -1, 9],
    ] {
      let wanted = input.filter { $0 > 0 }
      let results = try program.run(["x": Tensor(input)])
      #expect(try results["squares"]!.scalars() == wanted.map { $0 * $0 })
      #expect(try results["count"]!.scalar() == Int64(wanted.count))
      #expect(results["twos"]!.shape == [wanted.count, 2])
      #expect(
        try results["twos"]!.scalars() == [Float](repeating: 2, count: 2 * wanted.count))
    }
  }

  /// What reads the size has no reader of its own, yet it stays while a shape uses the size.
  @Test func aSizeInUseIsRead() throws {
    let graph = Graph("zeros")
    let count = try runningSize(graph.input("n", .i32, []), "count", maximum: 3)
    try graph.output("zeros", broadcast(graph.scalar(0, .f32), to: [count]))
    let program = try compile(graph)
    #expect(try program.run(["n": Tensor(Int32(2))])["zeros"]!.shape == [2])
    var message = ""
    do { _ = try program.run(["n": Tensor(Int32(4))]) } catch { message = "\(error)" }
    #expect(
      message == """
        main: step read_size read 4 as the size count, which must lie between 0 and 3
          at CompilerTests/ReadSizeTests.swift:44
        """)
  }

  /// In a loop the size may be another one in each trip.
  @Test(arguments: Backend.allCases)
  func aLoopReadsItsOwnSizes(_ backend: Backend) throws {
    let graph = Graph("triangle")
    let zero = try graph.scalar(0, .i32)
    let results = try whileLoop(
      [zero, zero], maximumTrips: 5, condition: { try less($0[0], 5) },
      body: { values in
        let count = try runningSize(values[0], "count", maximum: 5)
        let total = try sum(broadcast(graph.scalar(1, .i32), to: [count]))
        return [try values[0] + 1, try values[1] + total]
      })
    try graph.output("total", results[1])
    let program = try compile(graph, CompileOptions(backend: backend))
    #expect(try program.run([:])["total"]!.scalar() == Int32(0 + 1 + 2 + 3 + 4))
  }

  @Test func aSizeIsReadOnce() throws {
    let graph = Graph("twice")
    let n = try graph.input("n", .i64, [])
    _ = try runningSize(n, "count", maximum: 3)
    var message = ""
    do { _ = try runningSize(n, "count", maximum: 3) } catch { message = "\(error)" }
    #expect(
      message == """
        read_size: the graph has a size count already; choose another name
          operand: n: i64[]
          at CompilerTests/ReadSizeTests.swift:79
        """)
  }
}
