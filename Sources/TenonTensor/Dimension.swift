/// A name for a size that recording does not know.
///
/// A *bound* symbol gets its number when the graph is compiled. A *running* symbol has a maximum;
/// its size is read at run time, and one plan serves every size up to the maximum.
public struct Symbol: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let name: String
  /// The largest size of a running symbol; nil for a bound one.
  public let maximum: Int?

  public static func bound(_ name: String) -> Symbol { Symbol(name: name, maximum: nil) }
  public static func running(_ name: String, maximum: Int) -> Symbol {
    Symbol(name: name, maximum: maximum)
  }

  public init(name: String, maximum: Int?) {
    self.name = name
    self.maximum = maximum
  }

  public var isRunning: Bool { maximum != nil }
  public var description: String { name }
  public static func < (a: Symbol, b: Symbol) -> Bool { a.name < b.name }
}

/// One size of a shape: an integer expression over constants and symbols, in a normal form, so
/// that equal expressions are `==`.
///
/// The form is a sum of products of atoms; an atom is a symbol or a floor division, remainder,
/// minimum or maximum that constants do not resolve. Arithmetic saturates just under ±2^62: an absurd size
/// stays absurd and is refused where a shape is checked, never wrapped.
public struct Dimension: Hashable, Sendable {
  /// The size where `sum` is nil; else unused.
  package let number: Int
  /// The expression where the size is not known.
  package let sum: Sum?

  package init(_ sum: Sum) {
    number = 0
    self.sum = sum
  }

  /// The known size.
  public init(_ constant: Int) {
    number = Dimension.clamp(constant)
    sum = nil
  }

  /// The size called `symbol`.
  public init(_ symbol: Symbol) {
    self.init(Sum(terms: [Term(coefficient: 1, factors: [.symbol(symbol)])], constant: 0))
  }

  /// The size where it is known when recorded, else nil.
  public var constant: Int? { sum == nil ? number : nil }

  public var isConstant: Bool { constant != nil }
}

extension Dimension: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int) { self.init(value) }
}

extension Dimension {
  package static let limit = (1 << 62) - 1

  package static func clamp(_ value: Int) -> Int { max(-limit, min(limit, value)) }

  package static func saturatingSum(_ a: Int, _ b: Int) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? (a < 0 ? -limit : limit) : clamp(sum)
  }

  package static func saturatingProduct(_ a: Int, _ b: Int) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    if overflow { return (a < 0) == (b < 0) ? limit : -limit }
    return clamp(product)
  }

  /// A product of atoms times a coefficient.
  package struct Term: Hashable, Sendable {
    package var coefficient: Int
    package var factors: [Atom]
  }

  /// Terms sorted by their factors' text, none with coefficient 0, plus a constant.
  package final class Sum: Hashable, Sendable {
    package let terms: [Term]
    package let constant: Int

    package init(terms: [Term], constant: Int) {
      self.terms = terms
      self.constant = constant
    }

    package static func == (a: Sum, b: Sum) -> Bool {
      a === b || (a.constant == b.constant && a.terms == b.terms)
    }

    package func hash(into hasher: inout Hasher) {
      hasher.combine(constant)
      hasher.combine(terms)
    }
  }

  package enum Atom: Hashable, Sendable {
    case symbol(Symbol)
    case floorDivide(Dimension, Dimension)
    case remainder(Dimension, Dimension)
    case minimum(Dimension, Dimension)
    case maximum(Dimension, Dimension)
  }

  package var terms: [Term] { sum?.terms ?? [] }

  package var constantPart: Int { sum?.constant ?? number }

  package static func make(_ terms: [Term], _ constant: Int) -> Dimension {
    var merged: [Term] = []
    for term in terms.sorted(by: { key($0) < key($1) }) {
      if let last = merged.last, last.factors == term.factors {
        merged[merged.count - 1].coefficient = clamp(last.coefficient + term.coefficient)
      } else {
        merged.append(term)
      }
    }
    merged.removeAll { $0.coefficient == 0 }
    if merged.isEmpty { return Dimension(constant) }
    return Dimension(Sum(terms: merged, constant: clamp(constant)))
  }

  private static func key(_ term: Term) -> String {
    term.factors.map(\.description).joined(separator: "*")
  }

  private static func atom(_ atom: Atom) -> Dimension {
    Dimension(Sum(terms: [Term(coefficient: 1, factors: [atom])], constant: 0))
  }
}

// Arithmetic.
extension Dimension {
  public static func + (a: Dimension, b: Dimension) -> Dimension {
    if let x = a.constant, let y = b.constant { return Dimension(x + y) }
    return make(a.terms + b.terms, clamp(a.constantPart + b.constantPart))
  }

  public static prefix func - (a: Dimension) -> Dimension { a * Dimension(-1) }

  public static func - (a: Dimension, b: Dimension) -> Dimension {
    if let x = a.constant, let y = b.constant { return Dimension(x - y) }
    return a + -b
  }

  public static func * (a: Dimension, b: Dimension) -> Dimension {
    if let x = a.constant, let y = b.constant { return Dimension(saturatingProduct(x, y)) }
    var terms: [Term] = []
    for x in a.terms + [Term(coefficient: a.constantPart, factors: [])] {
      for y in b.terms + [Term(coefficient: b.constantPart, factors: [])] {
        terms.append(
          Term(
            coefficient: saturatingProduct(x.coefficient, y.coefficient),
            factors: (x.factors + y.factors).sorted { $0.description < $1.description }))
      }
    }
    let constant = terms.filter(\.factors.isEmpty).reduce(0) { clamp($0 + $1.coefficient) }
    return make(terms.filter { !$0.factors.isEmpty }, constant)
  }

  /// The quotient rounded toward minus infinity. A constant zero divisor gives an atom that has no
  /// value; the ops that divide sizes check their divisors first.
  public func floorDivided(by divisor: Dimension) -> Dimension {
    if let d = divisor.constant, d > 0 {
      if d == 1 { return self }
      if let value = constant {
        return Dimension(value >= 0 ? value / d : -((-value + d - 1) / d))
      }
      if terms.allSatisfy({ $0.coefficient % d == 0 }) {
        let parts = terms.map { Term(coefficient: $0.coefficient / d, factors: $0.factors) }
        return Dimension.make(parts, 0) + Dimension(constantPart).floorDivided(by: divisor)
      }
    } else if self == divisor, !divisor.isConstant {
      return 1
    } else if let exact = exactQuotient(by: divisor) {
      return exact
    }
    return Dimension.atom(.floorDivide(self, divisor))
  }

  /// The quotient rounded toward plus infinity, for a positive divisor.
  public func ceilingDivided(by divisor: Dimension) -> Dimension {
    (self + divisor - 1).floorDivided(by: divisor)
  }

  /// `self - divisor * floorDivided(by: divisor)`.
  public func remainder(dividingBy divisor: Dimension) -> Dimension {
    if let value = constant, let d = divisor.constant, d > 0 {
      return Dimension(((value % d) + d) % d)
    }
    if let d = divisor.constant, d > 0, terms.allSatisfy({ $0.coefficient % d == 0 }) {
      return Dimension(constantPart).remainder(dividingBy: divisor)
    }
    if !divisor.isConstant, self == divisor || exactQuotient(by: divisor) != nil { return 0 }
    return Dimension.atom(.remainder(self, divisor))
  }

  /// The quotient by a divisor that is a factor, found by long division; sizes are taken to be
  /// non-zero.
  private func exactQuotient(by divisor: Dimension) -> Dimension? {
    guard let by = divisor.leadingTerm else { return nil }
    var (rest, quotient) = (self, Dimension(0))
    for _ in 0..<16 {
      guard let term = rest.leadingTerm, term.coefficient % by.coefficient == 0 else { return nil }
      var factors = term.factors
      for factor in by.factors {
        guard let at = factors.firstIndex(of: factor) else { return nil }
        factors.remove(at: at)
      }
      let coefficient = term.coefficient / by.coefficient
      let part =
        factors.isEmpty
        ? Dimension(coefficient)
        : Dimension.make([Term(coefficient: coefficient, factors: factors)], 0)
      (rest, quotient) = (rest - part * divisor, quotient + part)
      if rest == 0 { return quotient }
    }
    return nil
  }

  /// The first of the terms with the most factors; nil for constants.
  private var leadingTerm: Term? {
    terms.first { term in terms.allSatisfy { $0.factors.count <= term.factors.count } }
  }

  /// The smaller; one of the two where it is the smaller whatever the sizes.
  public static func minimum(_ a: Dimension, _ b: Dimension) -> Dimension {
    let difference = (a - b).interval(ofBound: 0...limit)
    if let difference, difference.upperBound <= 0 { return a }
    if let difference, difference.lowerBound >= 0 { return b }
    let (x, y) = a.description < b.description ? (a, b) : (b, a)
    return atom(.minimum(x, y))
  }

  /// The larger; one of the two where it is the larger whatever the sizes.
  public static func maximum(_ a: Dimension, _ b: Dimension) -> Dimension {
    let difference = (a - b).interval(ofBound: 0...limit)
    if let difference, difference.lowerBound >= 0 { return a }
    if let difference, difference.upperBound <= 0 { return b }
    let (x, y) = a.description < b.description ? (a, b) : (b, a)
    return atom(.maximum(x, y))
  }
}

extension Dimension: CustomStringConvertible {
  /// `batch`, `2*batch + 1`, `floordiv(length, 2)`; what `Dimension(parsing:)` reads back.
  public var description: String {
    if let constant { return String(constant) }
    var text = ""
    for term in terms {
      var parts = term.factors.map(\.description)
      let size = abs(term.coefficient)
      if size != 1 { parts.insert(String(size), at: 0) }
      let sign = term.coefficient < 0
      text += text.isEmpty ? (sign ? "-" : "") : (sign ? " - " : " + ")
      text += parts.joined(separator: "*")
    }
    if constantPart != 0 { text += constantPart < 0 ? " - \(-constantPart)" : " + \(constantPart)" }
    return text
  }
}

extension Dimension.Atom: CustomStringConvertible {
  package var description: String {
    switch self {
    case .symbol(let symbol): symbol.name
    case .floorDivide(let a, let b): "floordiv(\(a), \(b))"
    case .remainder(let a, let b): "mod(\(a), \(b))"
    case .minimum(let a, let b): "min(\(a), \(b))"
    case .maximum(let a, let b): "max(\(a), \(b))"
    }
  }
}
