import TenonTensor
import Testing

@Suite struct ShapeTests {
  let batch = Dimension(.bound("batch"))

  @Test func textNamesTheSizes() {
    #expect(Shape.scalar.description == "[]")
    #expect(Shape([2, 3]).description == "[2, 3]")
    #expect(([batch, 4, batch * 2] as Shape).description == "[batch, 4, 2*batch]")
  }

  @Test func countsElements() {
    #expect(Shape.scalar.elementCount == 1)
    #expect(([batch, 4, batch] as Shape).elementCount.description == "4*batch*batch")
    #expect(([batch, 0] as Shape).elementCount == 0)
    #expect(Shape([1 << 40, 1 << 40]).elementCount.constant == (1 << 62) - 1)
  }

  @Test func symbolsGetNumbers() {
    let shape: Shape = [batch, Dimension(.running("n", maximum: 8)), batch + 1]
    #expect(shape.symbols == [.bound("batch"), .running("n", maximum: 8)])
    #expect(shape.constants == nil)
    #expect(shape.evaluated { $0.name == "batch" ? 3 : 5 } == [3, 5, 4])
    #expect(shape.evaluated { $0.name == "batch" ? 3 : nil } == nil)
    #expect(
      shape.substituting { $0.name == "batch" ? 2 : nil }.description == "[2, n, 3]")
  }

  @Test func rowMajorOrder() {
    #expect(RowMajor.strides([2, 3, 4]) == [12, 4, 1])
    #expect(RowMajor.strides([]) == [])
    #expect(RowMajor.strides([3, 0, 2]) == [0, 2, 1])
    #expect(RowMajor.count([]) == 1)
    #expect(RowMajor.count([1 << 40, 1 << 40]) == (1 << 62) - 1)
    #expect(RowMajor.count([1 << 40, 1 << 40, 0]) == 0)
    func indices(_ sizes: [Int]) -> [[Int]] {
      var found: [[Int]] = []
      RowMajor.forEachIndex(sizes) { found.append($0) }
      return found
    }
    #expect(indices([2, 3]) == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])
    #expect(indices([]) == [[]])
    #expect(indices([2, 0]) == [])
  }
}
