import TenonTensor

extension Tensor {
  /// Elements drawn evenly: floats from `range`, integers from the part of -9 ... 9 that the type
  /// has. Special ones mix in extreme integers; floats NaN, infinities and zeros of both signs, with
  /// `extremes` also the largest and smallest numbers.
  public static func random(
    _ element: ElementType, shape: [Int], in range: ClosedRange<Double>, isSpecial: Bool = false,
    extremes: Bool = false, _ random: inout SplitMix
  ) throws -> Tensor {
    let count = RowMajor.count(shape)
    if element.isFloat {
      var values = (0..<count).map { _ in
        range.lowerBound + (range.upperBound - range.lowerBound) * random.fraction()
      }
      if isSpecial { random.mix(special(element, extremes: extremes), into: &values) }
      if element.isStorageOnly {
        return try Tensor(values.map { Float($0) }, shape: shape).converted(to: element)
      }
      return try Tensor(element, shape: shape, doubles: values)
    }
    let low = max(-9, element == .bool ? 0 : element.minimumInteger)
    let high = min(9, element.maximumInteger ?? 9)
    var values = (0..<count).map { _ in low + Int64(random.below(Int(high - low) + 1)) }
    if isSpecial {
      let greatest = element.maximumInteger ?? -1
      random.mix([element.minimumInteger, greatest, 0, greatest &- 1, 1, -1], into: &values)
    }
    return try Tensor(element, shape: shape, integers: values)
  }

  private static func special(_ element: ElementType, extremes: Bool) -> [Double] {
    let usual = [.nan, .infinity, -.infinity, -0.0, 0, 0.5, -1.5]
    guard extremes else { return usual }
    let (greatest, least): (Double, Double) =
      switch element {
      case .f16: (65504, 0x1p-24)
      case .bf16: (0x1.FEp127, 0x1p-133)
      case .f32: (0x1.FFFFFEp127, 0x1p-149)
      case .f64: (.greatestFiniteMagnitude, .leastNonzeroMagnitude)
      default: (1, 0.5)
      }
    return usual + [greatest, -greatest, least, -least]
  }
}

extension SplitMix {
  /// A number from 0 up to, not including, 1.
  public mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Puts values into places of their own, in a drawn order, and leaves at least a third as is.
  fileprivate mutating func mix<Element>(_ special: [Element], into values: inout [Element]) {
    var free = Array(values.indices)
    var rest = special
    while !rest.isEmpty, free.count > values.count / 3 {
      values[free.remove(at: below(free.count))] = rest.remove(at: below(rest.count))
    }
  }
}
