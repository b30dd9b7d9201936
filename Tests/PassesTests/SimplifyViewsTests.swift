import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct SimplifyViewsTests {
  private func simplified(_ shape: Shape, _ record: (Value) throws -> Value) throws -> [String] {
    let graph = Graph("views")
    let x = try graph.input("x", .f32, shape)
    try graph.output("y", record(x))
    try PassContext(testing: graph).run(SimplifyViews.self)
    return Listing.of(graph)
  }

  @Test func transposesCompose() throws {
    #expect(
      try simplified([2, 3, 4]) { try transpose(transpose($0, [1, 2, 0]), [1, 2, 0]) } == [
        "%0 = transpose<permutation: [2, 0, 1]>(%x) f32[4x2x3]", "y = %0",
      ])
    #expect(try simplified([2, 3]) { try transpose(transpose($0)) } == ["y = %x"])
  }

  @Test func aTransposeOfUnitAxesIsAReshape() throws {
    #expect(
      try simplified([2, 1, 3]) { try transpose($0, [1, 0, 2]) } == [
        "%0 = reshape<shape: [1, 2, 3]>(%x) f32[1x2x3]", "y = %0",
      ])
  }

  @Test func reshapesCompose() throws {
    #expect(
      try simplified([2, 6]) { try reshape(reshape($0, [12]), [3, 4]) } == [
        "%0 = reshape<shape: [3, 4]>(%x) f32[3x4]", "y = %0",
      ])
    #expect(try simplified([2, 6]) { try reshape(reshape($0, [12]), [2, 6]) } == ["y = %x"])
  }

  @Test func broadcastsCompose() throws {
    #expect(
      try simplified([3]) { try broadcast(broadcast($0, to: [2, 3]), to: [4, 2, 3]) } == [
        "%0 = broadcast_in_dim<shape: [4, 2, 3], dimensions: [2]>(%x) f32[4x2x3]", "y = %0",
      ])
  }

  @Test func aTransposeOfABroadcastIsABroadcast() throws {
    #expect(
      try simplified([3]) { try transpose(broadcast($0, to: [2, 3])) } == [
        "%0 = broadcast_in_dim<shape: [3, 2], dimensions: [0]>(%x) f32[3x2]", "y = %0",
      ])
  }

  @Test func aBroadcastOfAddedUnitAxesNeedsNoReshape() throws {
    #expect(
      try simplified([3]) { try broadcast(reshape($0, [3, 1]), to: [3, 4]) } == [
        "%0 = broadcast_in_dim<shape: [3, 4], dimensions: [0]>(%x) f32[3x4]", "y = %0",
      ])
  }

  @Test func repeatedScalarsReshapeAndComputeOnce() throws {
    #expect(
      try simplified([]) { try exp(reshape(broadcast($0, to: [4]), [2, 2])) } == [
        "%0 = exponential(%x) f32[]",
        "%1 = broadcast_in_dim<shape: [2, 2], dimensions: []>(%0) f32[2x2]", "y = %1",
      ])
  }

  @Test func viewsWithSymbolsCompose() throws {
    let rows = Dimension(.bound("rows"))
    #expect(
      try simplified([rows, 3]) { try transpose(transpose($0)) } == ["y = %x"])
    #expect(
      try simplified([rows, 6]) { try reshape(reshape($0, [rows * 6]), [rows * 2, 3]) } == [
        "%0 = reshape<shape: [2*rows, 3]>(%x) f32[2*rows, 3]", "y = %0",
      ])
  }

  @Test func otherViewsStay() throws {
    let expected = [
      "%0 = transpose<permutation: [1, 0]>(%x) f32[3x2]",
      "%1 = reshape<shape: [6]>(%0) f32[6]",
      "%2 = broadcast_in_dim<shape: [2, 6], dimensions: [1]>(%1) f32[2x6]", "y = %2",
    ]
    #expect(
      try simplified([2, 3]) { try broadcast(reshape(transpose($0), [6]), to: [2, 6]) }
        == expected)
  }
}
