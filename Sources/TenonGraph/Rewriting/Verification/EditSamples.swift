import TenonTensor

/// Draws values for the boundary of an edit: the same in every process.
struct EditSamples {
  /// Whether NaN, infinities, zeros of both signs and extreme integers are among them.
  let isSpecial: Bool
  private var state: UInt64

  init(seed: UInt64, isSpecial: Bool) {
    self.isSpecial = isSpecial
    state = seed &+ 1
  }

  mutating func tensor(_ element: ElementType, _ shape: [Int]) throws -> Tensor {
    let count = RowMajor.count(shape)
    if element.isFloat {
      return try Tensor(element, shape: shape, doubles: (0..<count).map { _ in float() })
    }
    if element == .bool {
      return try Tensor(.bool, shape: shape, integers: (0..<count).map { _ in Int64(next() & 1) })
    }
    return try Tensor(element, shape: shape, integers: (0..<count).map { _ in integer(element) })
  }

  private mutating func float() -> Double {
    let specials: [Double] = [.nan, .infinity, -.infinity, 0, -0.0, 1, -1, 1e30, -1e-30]
    if isSpecial, next() % 2 == 0 { return specials[Int(next() % UInt64(specials.count))] }
    return Double(Int64(bitPattern: next()) >> 40) / Double(1 << 21)
  }

  private mutating func integer(_ element: ElementType) -> Int64 {
    let specials: [Int64] = [
      0, 1, -1, 2, element.minimumInteger, element.maximumInteger ?? -1,
    ]
    if isSpecial, next() % 2 == 0 { return specials[Int(next() % UInt64(specials.count))] }
    return next() % 2 == 0 ? Int64(next() % 16) - 7 : Int64(bitPattern: next())
  }

  /// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
