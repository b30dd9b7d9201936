import TenonTensor
import TenonTestKit

/// An expression built twice: as a `Dimension` and as plain integer arithmetic.
struct RandomDimension {
  static let symbols: [Symbol] = [
    .bound("b"), .running("n", maximum: 12), .bound("c"), .running("m", maximum: 5),
  ]

  let dimension: Dimension
  /// The value for the sizes of `symbols`; nil where a divisor is not positive.
  let value: ([Int]) -> Int?

  static func expression(depth: Int, using random: inout SplitMix) -> RandomDimension {
    if depth == 0 || random.below(8) == 0 {
      if random.below(3) == 0 {
        let constant = random.below(13) - 4
        return RandomDimension(dimension: Dimension(constant)) { _ in constant }
      }
      let index = random.below(symbols.count)
      return RandomDimension(dimension: Dimension(symbols[index])) { $0[index] }
    }
    let a = expression(depth: depth - 1, using: &random)
    let b = expression(depth: depth - 1, using: &random)
    func combined(
      _ dimension: Dimension, _ operation: @escaping (Int, Int) -> Int?
    ) -> RandomDimension {
      RandomDimension(dimension: dimension) { sizes in
        guard let x = a.value(sizes), let y = b.value(sizes) else { return nil }
        return operation(x, y)
      }
    }
    switch random.below(9) {
    case 0, 1: return combined(a.dimension + b.dimension) { $0 + $1 }
    case 2: return combined(a.dimension - b.dimension) { $0 - $1 }
    case 3: return combined(a.dimension * b.dimension) { $0 * $1 }
    case 4:
      return combined(a.dimension.floorDivided(by: b.dimension)) { $1 > 0 ? floor($0, $1) : nil }
    case 5:
      return combined(a.dimension.remainder(dividingBy: b.dimension)) {
        $1 > 0 ? $0 - $1 * floor($0, $1) : nil
      }
    case 6:
      let divisor = 1 + random.below(5)
      return RandomDimension(dimension: a.dimension.floorDivided(by: Dimension(divisor))) {
        a.value($0).map { floor($0, divisor) }
      }
    case 7: return combined(.minimum(a.dimension, b.dimension)) { min($0, $1) }
    default: return combined(.maximum(a.dimension, b.dimension)) { max($0, $1) }
    }
  }

  private static func floor(_ a: Int, _ b: Int) -> Int {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
  }
}
