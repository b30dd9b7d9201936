import TenonTensor
import Testing

@testable import TenonGraph

/// Values whose elements the graph knows as sizes.
@Suite struct KnownElementsTests {
  func sum(_ element: ElementType, _ x: Dimension, _ y: Dimension) throws -> [Dimension]? {
    let graph = Graph("g")
    let a = try graph.input("a", element, [])
    let b = try graph.input("b", element, [])
    graph.setKnownElements(a.id, [x])
    graph.setKnownElements(b.id, [y])
    return try graph.add(Plus(), a, b)[0].knownElements
  }

  @Test func arithmeticThatWrapsAroundIsNotKnown() throws {
    #expect(try sum(.i64, 3, 4) == [7])
    #expect(try sum(.u8, 200, 55) == [255])
    #expect(try sum(.u8, 200, 56) == nil)
    #expect(try sum(.i8, 100, 27) == [127])
    #expect(try sum(.i8, 100, 28) == nil)
    #expect(try sum(.i32, -1, Dimension(-2_147_483_647)) == [Dimension(-2_147_483_648)])
    #expect(try sum(.i32, -2, Dimension(-2_147_483_647)) == nil)
    #expect(try sum(.u32, 0, -1) == nil)
    // Sizes saturate just under 2^62, numbers do not.
    #expect(try sum(.i64, Dimension(Int.max), 0) == nil)
    #expect(try sum(.u64, Dimension(1 << 61), Dimension(1 << 61)) == nil)
  }

  @Test func sizesAreKnown() throws {
    let n = Dimension(.bound("n"))
    #expect(try sum(.i32, n, n) == [n * 2])
  }

  @Test func onlySmallIntegersAreKnown() throws {
    let graph = Graph("g")
    let few = (0..<64).map { Dimension($0) }
    #expect(try graph.add(Numbers(values: few))[0].knownElements == few)
    #expect(try graph.add(Numbers(values: few + [1]))[0].knownElements == nil)
  }
}
