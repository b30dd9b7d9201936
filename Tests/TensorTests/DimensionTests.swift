import Testing

import TenonTensor

@Suite struct DimensionTests {
  let batch = Dimension(.bound("batch"))
  let length = Dimension(.running("length", maximum: 16))

  @Test func equalExpressionsHaveOneForm() {
    #expect((batch + 1) * 2 == batch * 2 + 2)
    #expect(batch * length - length * batch == 0)
    #expect((batch * 6).floorDivided(by: 3) == batch * 2)
    #expect((batch * length).floorDivided(by: batch) == length)
    #expect((batch * 4 + 1).remainder(dividingBy: 2) == 1)
  }

  @Test func textNamesTheExpression() {
    #expect((batch * 2 - length + 3).description == "2*batch - length + 3")
    #expect(length.floorDivided(by: 2).description == "floordiv(length, 2)")
    #expect(Dimension.maximum(batch, 1).description == "max(1, batch)")
  }

  @Test func evaluatesAndBounds() {
    let size = (batch * 3 + length).ceilingDivided(by: 4)
    #expect(size.evaluated { $0.name == "batch" ? 2 : 7 } == 4)
    #expect(length.ceilingDivided(by: 4).upperBound == 4)
    #expect(batch.upperBound == nil)
  }

  @Test func arithmeticSaturates() {
    let huge = Dimension(Int.max / 2) * Dimension(Int.max / 2)
    #expect(huge.constant == (1 << 62) - 1)
    #expect((huge + huge).constant == (1 << 62) - 1)
  }
}
