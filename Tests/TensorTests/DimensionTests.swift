import TenonTensor
import TenonTestKit
import Testing

@Suite struct DimensionTests {
  let batch = Dimension(.bound("batch"))
  let length = Dimension(.running("length", maximum: 16))

  @Test func equalExpressionsHaveOneForm() {
    #expect((batch + 1) * 2 == batch * 2 + 2)
    #expect(batch * length - length * batch == 0)
    #expect((batch * 6).floorDivided(by: 3) == batch * 2)
    #expect((batch * length).floorDivided(by: batch) == length)
    #expect((batch * 768 + 768).floorDivided(by: batch * 64 + 64) == 12)
    #expect((batch * length + length).floorDivided(by: batch + 1) == length)
    #expect((batch * 768 + 768).remainder(dividingBy: batch * 64 + 64) == 0)
    #expect(
      (batch * 768 + 700).floorDivided(by: batch * 64 + 64).description
        == "floordiv(768*batch + 700, 64*batch + 64)")
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

  @Test func expressionsEqualIntegerArithmetic() {
    var random = SplitMix(seed: 7)
    var compared = 0
    for _ in 0..<800 {
      let expression = RandomDimension.expression(depth: 4, using: &random)
      for _ in 0..<6 {
        let sizes = RandomDimension.symbols.map { 1 + random.below($0.maximum ?? 20) }
        guard let expected = expression.value(sizes) else { continue }
        let evaluated = expression.dimension.evaluated { symbol in
          sizes[RandomDimension.symbols.firstIndex(of: symbol)!]
        }
        #expect(evaluated == expected, "\(expression.dimension) at \(sizes)")
        compared += 1
      }
    }
    #expect(compared > 2_000)
  }

  @Test func substitutingEqualsEvaluating() {
    var random = SplitMix(seed: 8)
    for _ in 0..<300 {
      let expression = RandomDimension.expression(depth: 4, using: &random)
      let sizes = RandomDimension.symbols.map { 1 + random.below($0.maximum ?? 20) }
      guard let expected = expression.value(sizes) else { continue }
      let substituted = expression.dimension.substituting { symbol in
        Dimension(sizes[RandomDimension.symbols.firstIndex(of: symbol)!])
      }
      #expect(substituted.constant == expected, "\(expression.dimension) at \(sizes)")
    }
  }

  @Test func rangeHoldsEveryValue() {
    var random = SplitMix(seed: 9)
    for _ in 0..<500 {
      let expression = RandomDimension.expression(depth: 3, using: &random)
      let sizes = RandomDimension.symbols.map { 1 + random.below($0.maximum ?? 20) }
      guard let expected = expression.value(sizes), let range = expression.dimension.range else {
        continue
      }
      #expect(range.contains(expected), "\(expression.dimension) at \(sizes)")
    }
  }

  @Test func aDivisorThatIsNotPositiveHasNoValue() {
    #expect(batch.floorDivided(by: 0).evaluated { _ in 4 } == nil)
    #expect(Dimension(0).floorDivided(by: 0).evaluated { _ in 4 } == nil)
    #expect(Dimension(0).remainder(dividingBy: 0).evaluated { _ in 4 } == nil)
    #expect(batch.remainder(dividingBy: -length).evaluated { _ in 4 } == nil)
  }
}
