import TenonTensor

/// How far results may be from what a case expects: `|got - wanted| <= absolute + relative *
/// |wanted|`, element by element.
public struct ConformanceTolerance: Hashable, Sendable {
  public var relative: Double
  public var absolute: Double

  public init(relative: Double = 1e-3, absolute: Double = 1e-7) {
    self.relative = relative
    self.absolute = absolute
  }

  /// Compares a result with what is expected: type and shape exactly, NaN with NaN, infinities by
  /// sign, strings character by character.
  ///
  /// - Throws: `case-output` with the first facts of what differs.
  public func compare(_ name: String, _ got: Tensor, _ wanted: Tensor) throws {
    guard got.elementType == wanted.elementType, got.shape == wanted.shape else {
      throw TenonError.outputType(name, got, wanted)
    }
    if wanted.elementType == .string {
      guard let place = zip(got.strings, wanted.strings).enumerated().first(where: { $1.0 != $1.1 })
      else { return }
      throw TenonError.outputString(
        name, index(place.offset, in: wanted.shape), place.element.0, place.element.1)
    }
    let (a, b) = (try numbers(got), try numbers(wanted))
    let parts = wanted.elementType.isComplex ? 2 : 1
    var count = 0
    var worst: (place: Int, error: Double)?
    for place in a.indices where !agree(a[place], b[place]) {
      count += 1
      let error = abs(a[place] - b[place])
      // Differences with NaN and infinities come first.
      let size = error.isNaN ? .infinity : error
      if size > worst?.error ?? -1 { worst = (place, size) }
    }
    guard let worst else { return }
    throw TenonError.outputElements(
      name, count: count, of: a.count, self, at: index(worst.place / parts, in: wanted.shape),
      a[worst.place], b[worst.place])
  }

  private func agree(_ got: Double, _ wanted: Double) -> Bool {
    if got == wanted || (got.isNaN && wanted.isNaN) { return true }
    guard got.isFinite, wanted.isFinite else { return false }
    return abs(got - wanted) <= absolute + relative * abs(wanted)
  }

  /// Elements as doubles, complex ones as pairs.
  private func numbers(_ tensor: Tensor) throws -> [Double] {
    switch tensor.elementType {
    case .complex64:
      try Tensor(
        .f32, shape: [tensor.elementCount * 2], storage: tensor.storage,
        byteOffset: tensor.byteOffset
      ).doubles()
    case .complex128:
      try Tensor(
        .f64, shape: [tensor.elementCount * 2], storage: tensor.storage,
        byteOffset: tensor.byteOffset
      ).doubles()
    default: try tensor.doubles()
    }
  }

  private func index(_ place: Int, in shape: [Int]) -> [Int] {
    var place = place
    var index: [Int] = []
    for size in shape.reversed() {
      index.insert(place % size, at: 0)
      place /= size
    }
    return index
  }
}
