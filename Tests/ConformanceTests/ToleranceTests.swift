import TenonTensor
import Testing

@testable import TenonConformance

@Suite struct ToleranceTests {
  private func message(
    _ got: Tensor, _ wanted: Tensor, _ tolerance: ConformanceTolerance = ConformanceTolerance()
  ) -> String {
    do { try tolerance.compare("y", got, wanted) } catch { return "\(error)" }
    return "equal"
  }

  @Test func numbersNearEachOther() {
    #expect(message(Tensor([1.0005, 2.0]), Tensor([1.0, 2.0])) == "equal")
    #expect(
      message(Tensor([1.002, 2.5]), Tensor([1.0, 2.0]))
        == "output y: 2 of 2 elements differ by more than 1e-07 + 0.001 * |expected|; the largest "
        + "at [1]: 2.5 instead of 2.0")
    #expect(
      message(Tensor([1.0005]), Tensor([1.0]), ConformanceTolerance(relative: 0, absolute: 1e-4))
        == "output y: 1 of 1 elements differ by more than 0.0001 + 0.0 * |expected|; the largest "
        + "at [0]: 1.0005 instead of 1.0")
    #expect(message(Tensor([5e-8]), Tensor([0.0])) == "equal")
    #expect(message(Tensor([999, 4]), Tensor([1000, 4])) == "equal")
  }

  @Test func notANumberAndInfinities() {
    let special: [Double] = [.nan, .infinity, -.infinity]
    #expect(message(Tensor(special), Tensor(special)) == "equal")
    for (got, wanted) in [(Double.nan, 1.0), (1, .nan), (.infinity, 1), (1, .infinity)] {
      #expect(
        message(Tensor([got]), Tensor([wanted]))
          == "output y: 1 of 1 elements differ by more than 1e-07 + 0.001 * |expected|; the "
          + "largest at [0]: \(got) instead of \(wanted)")
    }
    #expect(message(Tensor([Double.infinity]), Tensor([-Double.infinity])) != "equal")
  }

  @Test func typesShapesAndStrings() throws {
    #expect(
      message(Tensor([1.0]), Tensor([Float(1)])) == "output y: f64[1] instead of f32[1]")
    #expect(
      message(Tensor([1.0]), Tensor(1.0)) == "output y: f64[1] instead of f64[]")
    let texts = try Tensor(strings: ["a", "b"], shape: [1, 2])
    #expect(message(texts, texts) == "equal")
    #expect(
      message(try Tensor(strings: ["a", "c"], shape: [1, 2]), texts)
        == "output y: at [0, 1] `c` instead of `b`")
    func complex(_ imaginary: Float) throws -> Tensor {
      let parts = Tensor([1, imaginary] as [Float])
      return try Tensor(.complex64, shape: [1], storage: parts.storage)
    }
    #expect(message(try complex(2), try complex(2)) == "equal")
    #expect(
      message(try complex(3), try complex(2))
        == "output y: 1 of 2 elements differ by more than 1e-07 + 0.001 * |expected|; the largest "
        + "at [0]: 3.0 instead of 2.0")
  }
}
