import TenonTensor

/// An integer over axis indices: a constant plus terms, in a normal form.
public struct IndexExpression: Hashable, Sendable {
  public struct Term: Hashable, Sendable {
    public var coefficient: Dimension
    public var atom: Atom
  }

  public indirect enum Atom: Hashable, Sendable {
    /// The index along an axis of the compute.
    case axis(Int)
    /// Rounded toward minus infinity, by a positive size.
    case floorDivide(IndexExpression, Dimension)
    /// Never negative, by a positive size.
    case remainder(IndexExpression, Dimension)
    /// An integer computed by the program: a loaded index.
    case scalar(ScalarID)
  }

  public private(set) var constant: Dimension
  public private(set) var terms: [Term]

  public init(_ constant: Dimension) {
    self.constant = constant
    terms = []
  }

  public init(_ atom: Atom, times coefficient: Dimension = 1) {
    constant = 0
    terms = coefficient == 0 ? [] : [Term(coefficient: coefficient, atom: atom)]
  }

  public static func axis(_ axis: Int) -> IndexExpression { IndexExpression(.axis(axis)) }
  public static func scalar(_ scalar: ScalarID) -> IndexExpression {
    IndexExpression(.scalar(scalar))
  }

  /// The number, where no axis or scalar takes part.
  public var constantValue: Dimension? { terms.isEmpty ? constant : nil }

  /// The axis, where the expression is that index alone.
  public var singleAxis: Int? {
    guard constant == 0, terms.count == 1, terms[0].coefficient == 1,
      case .axis(let axis) = terms[0].atom
    else { return nil }
    return axis
  }

  public static func + (a: IndexExpression, b: IndexExpression) -> IndexExpression {
    var result = a
    result.constant = a.constant + b.constant
    for term in b.terms {
      if let place = result.terms.firstIndex(where: { $0.atom == term.atom }) {
        let sum = result.terms[place].coefficient + term.coefficient
        if sum == 0 {
          result.terms.remove(at: place)
        } else {
          result.terms[place].coefficient = sum
        }
      } else {
        result.terms.append(term)
      }
    }
    result.terms.sort { $0.atom.order < $1.atom.order }
    return result
  }

  public static func - (a: IndexExpression, b: IndexExpression) -> IndexExpression { a + b * -1 }

  public static func + (a: IndexExpression, b: Dimension) -> IndexExpression {
    var result = a
    result.constant = a.constant + b
    return result
  }

  public static func * (a: IndexExpression, factor: Dimension) -> IndexExpression {
    if factor == 0 { return IndexExpression(0) }
    var result = a
    result.constant = a.constant * factor
    for place in result.terms.indices {
      result.terms[place].coefficient = result.terms[place].coefficient * factor
    }
    return result
  }

  /// True where the expression is affine in axes alone.
  public var isAffine: Bool {
    terms.allSatisfy { if case .axis = $0.atom { true } else { false } }
  }

  /// The coefficient of an axis at the top level.
  public func coefficient(ofAxis axis: Int) -> Dimension {
    terms.first { $0.atom == .axis(axis) }?.coefficient ?? 0
  }

  /// The scalars the expression reads.
  public var scalars: [ScalarID] {
    terms.flatMap { term -> [ScalarID] in
      switch term.atom {
      case .axis: []
      case .floorDivide(let inner, _), .remainder(let inner, _): inner.scalars
      case .scalar(let scalar): [scalar]
      }
    }
  }

  /// The axes the expression reads directly (not through scalars), ascending.
  public var axes: [Int] {
    let found = terms.flatMap { term -> [Int] in
      switch term.atom {
      case .axis(let axis): [axis]
      case .floorDivide(let inner, _), .remainder(let inner, _): inner.axes
      case .scalar: []
      }
    }
    return found.sorted().reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// The expression with axes and scalars replaced; `extents` are the sizes of the axes that the
  /// replacements use, for simplification.
  public func substituting(
    axis: (Int) -> IndexExpression, scalar: (ScalarID) -> IndexExpression,
    extents: (Int) -> Dimension?
  ) -> IndexExpression {
    var result = IndexExpression(constant)
    for term in terms {
      let inner: IndexExpression =
        switch term.atom {
        case .axis(let index): axis(index)
        case .scalar(let id): scalar(id)
        case .floorDivide(let inner, let by):
          inner.substituting(axis: axis, scalar: scalar, extents: extents)
            .floorDivided(by: by, extents: extents)
        case .remainder(let inner, let by):
          inner.substituting(axis: axis, scalar: scalar, extents: extents)
            .remainder(by: by, extents: extents)
        }
      result = result + inner * term.coefficient
    }
    return result
  }

  /// The quotient rounded down; `extents` gives the sizes of axes where they are known.
  public func floorDivided(by divisor: Dimension, extents: (Int) -> Dimension?) -> IndexExpression {
    if divisor == 1 { return self }
    let (quotient, rest) = split(by: divisor)
    if rest.isWithin(divisor, extents: extents) { return quotient }
    // (x / a) / b is x / (a b).
    if rest.constant == 0, rest.terms.count == 1, rest.terms[0].coefficient == 1,
      case .floorDivide(let inner, let first) = rest.terms[0].atom
    {
      return quotient + inner.floorDivided(by: first * divisor, extents: extents)
    }
    return quotient + IndexExpression(.floorDivide(rest, divisor))
  }

  /// The remainder, never negative; `extents` gives the sizes of axes where they are known.
  public func remainder(by divisor: Dimension, extents: (Int) -> Dimension?) -> IndexExpression {
    if divisor == 1 { return IndexExpression(0) }
    let (_, rest) = split(by: divisor)
    if rest.isWithin(divisor, extents: extents) { return rest }
    return IndexExpression(.remainder(rest, divisor))
  }

  /// `self = quotient * divisor + rest`, with as much in the quotient as divides exactly.
  private func split(by divisor: Dimension) -> (quotient: IndexExpression, rest: IndexExpression) {
    var quotient = IndexExpression(0)
    var rest = IndexExpression(0)
    func divides(_ value: Dimension) -> Bool {
      value.remainder(dividingBy: divisor) == 0
    }
    for term in terms {
      if divides(term.coefficient) {
        quotient =
          quotient
          + IndexExpression(term.atom, times: term.coefficient.floorDivided(by: divisor))
      } else {
        rest = rest + IndexExpression(term.atom, times: term.coefficient)
      }
    }
    if let number = constant.constant, let by = divisor.constant, by > 0 {
      let down = Dimension(number).floorDivided(by: divisor)
      return (quotient + down, rest + Dimension(number - down.constant! * by))
    }
    if divides(constant) { return (quotient + constant.floorDivided(by: divisor), rest) }
    return (quotient, rest + constant)
  }

  /// Whether 0 ≤ self < bound is certain.
  public func isWithin(_ bound: Dimension, extents: (Int) -> Dimension?) -> Bool {
    guard let (low, high) = range(extents: extents), let lows = low.range, lows.lowerBound >= 0
    else { return false }
    let room = bound - high
    if let known = room.constant { return known > 0 }
    guard let highs = high.range, let bounds = bound.range else { return false }
    return highs.upperBound < bounds.lowerBound
  }

  /// The least and the greatest value, where the terms' signs and extents are known.
  private func range(extents: (Int) -> Dimension?) -> (low: Dimension, high: Dimension)? {
    var low = constant
    var high = constant
    for term in terms {
      let top: Dimension
      switch term.atom {
      case .axis(let axis):
        guard let extent = extents(axis) else { return nil }
        top = extent - 1
      case .remainder(_, let by): top = by - 1
      case .floorDivide(let inner, let by):
        guard let range = inner.range(extents: extents),
          range.low.range.map({ $0.lowerBound >= 0 }) == true
        else { return nil }
        top = range.high.floorDivided(by: by)
      case .scalar: return nil
      }
      let product = top * term.coefficient
      if let factor = term.coefficient.constant {
        if factor >= 0 { high = high + product } else { low = low + product }
      } else if term.coefficient.range.map({ $0.lowerBound >= 0 }) ?? isProduct(term.coefficient) {
        high = high + product
      } else {
        return nil
      }
    }
    return (low, high)
  }

  /// Sizes are not negative, so a product of symbols with a positive factor is not.
  private func isProduct(_ size: Dimension) -> Bool {
    size.constantPart >= 0 && size.terms.allSatisfy { $0.coefficient > 0 }
  }
}

extension IndexExpression.Atom {
  /// A total order, for the normal form.
  fileprivate var order: String {
    switch self {
    case .axis(let axis): "a\(axis < 10 ? "0" : "")\(axis)"
    case .floorDivide, .remainder: "b\(self)"
    case .scalar(let scalar): "c\(scalar.rawValue)"
    }
  }
}

extension IndexExpression: CustomStringConvertible {
  /// `2*i0 + i3 - 1`.
  public var description: String {
    var text = ""
    for term in terms {
      let coefficient = term.coefficient
      let factor =
        coefficient == 1
        ? ""
        : (coefficient.terms.count + (coefficient.constantPart != 0 ? 1 : 0) > 1
          ? "(\(coefficient))*" : "\(coefficient)*")
      text += (text.isEmpty ? "" : " + ") + factor + term.atom.description
    }
    if terms.isEmpty { return constant.description }
    return constant == 0 ? text : text + " + \(constant)"
  }
}

extension IndexExpression.Atom: CustomStringConvertible {
  public var description: String {
    switch self {
    case .axis(let axis): "i\(axis)"
    case .floorDivide(let inner, let by): "((\(inner)) / (\(by)))"
    case .remainder(let inner, let by): "((\(inner)) % (\(by)))"
    case .scalar(let scalar): "s\(scalar.rawValue)"
    }
  }
}
