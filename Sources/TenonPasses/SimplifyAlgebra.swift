import TenonGraph
import TenonOps
import TenonTensor

/// Removes arithmetic that changes nothing, and nothing else: every identity holds for all values
/// of the type, NaN, infinities and -0 included (the sign and bits of a NaN aside).
///
/// Before: `%one = constant(1); %y = multiply(%x, %one); %z = negate(negate(%y))`
/// After:  `%z = %x`
///
/// So x + 0 stays for floats (it turns -0 into 0) but x + (-0) goes; x * 0, x - x and x / x stay
/// for floats; (a + b) - b stays.
///
/// After folding, which makes the constants that the rules look for.
public struct SimplifyAlgebra: GraphPass {
  public static let name = "simplify-algebra"
  public init() {}

  public func run(_ context: PassContext) throws {
    try context.rewrite(with: [
      AddNothing(), SubtractNothing(), MultiplyByOne(), MultiplyIntegerByZero(), DivideByOne(),
      SubtractIntegerFromItself(), AddNegated(), NegateTwice(), SelectOneChoice(),
      CompareWithItself(), ExtremeOfItself(), ExtremeOfBound(), ConvertTwice(), ConvertToSame(),
      NotTwice(), BitwiseWithItself(), BitwiseWithConstant(), ShiftByNothing(), PowerOfOne(),
      PowerOfTwo(), AbsoluteOfSign(),
    ])
  }
}

/// x + (-0) and, for integers, x + 0 are x.
struct AddNothing: RewriteRule {
  static let name = "add-nothing"
  static let ops = OpSelection.types(Add.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    for (x, other) in [(0, 1), (1, 0)] {
      guard let constant = site.uniformConstant(site.operand(other)),
        site.fits(site.operand(x))
      else { continue }
      if constant.isNegativeZero { return .replace(site.operand(x), because: "x + (-0) is x") }
      if constant.isIntegerZero { return .replace(site.operand(x), because: "x + 0 is x") }
    }
    return nil
  }
}

/// x - 0 is x; x - (-0) is not where x is -0.
struct SubtractNothing: RewriteRule {
  static let name = "subtract-nothing"
  static let ops = OpSelection.types(Subtract.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let constant = site.uniformConstant(site.operand(1)), constant.isPositiveZero,
      site.fits(site.operand(0))
    else { return nil }
    return .replace(site.operand(0), because: "x - 0 is x")
  }
}

/// x * 1 is x.
struct MultiplyByOne: RewriteRule {
  static let name = "multiply-by-one"
  static let ops = OpSelection.types(Multiply.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    for (x, other) in [(0, 1), (1, 0)] {
      guard let constant = site.uniformConstant(site.operand(other)), constant.isNumber(1),
        site.fits(site.operand(x))
      else { continue }
      return .replace(site.operand(x), because: "x * 1 is x")
    }
    return nil
  }
}

/// x * 0 is 0 for integers; for floats NaN, infinities and signs forbid it.
struct MultiplyIntegerByZero: RewriteRule {
  static let name = "multiply-integer-by-zero"
  static let ops = OpSelection.types(Multiply.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    for position in 0...1 {
      let operand = site.operand(position)
      guard let constant = site.uniformConstant(operand), constant.isNumber(0) else { continue }
      guard constant.isIntegerZero else {
        return .refuse(because: "x * 0 is not 0 for NaN, infinities and negative numbers")
      }
      if site.fits(operand) { return .replace(operand, because: "x * 0 is 0 for integers") }
    }
    return nil
  }
}

/// x / 1 is x.
struct DivideByOne: RewriteRule {
  static let name = "divide-by-one"
  static let ops = OpSelection.types(Divide.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let constant = site.uniformConstant(site.operand(1)), constant.isNumber(1),
      site.fits(site.operand(0))
    else { return nil }
    return .replace(site.operand(0), because: "x / 1 is x")
  }
}

/// x - x is 0 for integers.
struct SubtractIntegerFromItself: RewriteRule {
  static let name = "subtract-integer-from-itself"
  static let ops = OpSelection.types(Subtract.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard site.graph.operand(site.node, 0) == site.graph.operand(site.node, 1) else { return nil }
    guard site.operand(0).elementType.isInteger else {
      return .refuse(because: "x - x is not 0 for NaN and infinities")
    }
    return .replace(
      try site.result().filled(0, site: CallSite()), because: "x - x is 0 for integers")
  }
}

/// x + (-y) is x - y, and x - (-y) is x + y.
struct AddNegated: RewriteRule {
  static let name = "add-negated"
  static let ops = OpSelection.types(Add.self, Subtract.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let isSum = site.op is Add
    if let (_, node) = site.producer(site.operand(1), as: Negate.self) {
      let (x, y) = (site.operand(0), site.operand(0, of: node))
      return isSum
        ? .replace(try x - y, because: "x + (-y) is x - y")
        : .replace(try x + y, because: "x - (-y) is x + y")
    }
    if isSum, let (_, node) = site.producer(site.operand(0), as: Negate.self) {
      return .replace(
        try site.operand(1) - site.operand(0, of: node), because: "(-y) + x is x - y")
    }
    return nil
  }
}

/// -(-x) is x.
struct NegateTwice: RewriteRule {
  static let name = "negate-twice"
  static let ops = OpSelection.types(Negate.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let (_, node) = site.producer(site.operand(0), as: Negate.self) else { return nil }
    return .replace(site.operand(0, of: node), because: "-(-x) is x")
  }
}

/// A select between two equal values, or by a predicate that is known, is one of them.
struct SelectOneChoice: RewriteRule {
  static let name = "select-one-choice"
  static let ops = OpSelection.types(Select.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let (onTrue, onFalse) = (site.operand(1), site.operand(2))
    if onTrue.id == onFalse.id, site.fits(onTrue) {
      return .replace(onTrue, because: "both choices are the same")
    }
    guard let constant = site.uniformConstant(site.operand(0)) else { return nil }
    let chosen = constant.isIntegerZero ? onFalse : onTrue
    guard site.fits(chosen) else { return nil }
    return .replace(
      chosen, because: "the predicate is always \(constant.isIntegerZero ? "false" : "true")")
  }
}

/// A comparison of a value with itself is known for integers, and for floats where NaN does not
/// matter: x < x and x > x are false.
struct CompareWithItself: RewriteRule {
  static let name = "compare-with-itself"
  static let ops = OpSelection.types(Compare.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let compare = site.op as? Compare,
      site.graph.operand(site.node, 0) == site.graph.operand(site.node, 1)
    else { return nil }
    let holds: Bool
    switch compare.direction {
    case .less, .greater: holds = false
    case .equal, .lessOrEqual, .greaterOrEqual: holds = true
    case .notEqual: holds = false
    }
    let isStrict = compare.direction == .less || compare.direction == .greater
    guard isStrict || !site.operand(0).elementType.isFloat else {
      return .refuse(because: "NaN differs from itself")
    }
    return .replace(
      try site.result().filled(holds ? 1 : 0, site: CallSite()),
      because: "a value compared with itself is always \(holds)")
  }
}

/// max(x, x) and min(x, x) are x.
struct ExtremeOfItself: RewriteRule {
  static let name = "extreme-of-itself"
  static let ops = OpSelection.types(Maximum.self, Minimum.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard site.graph.operand(site.node, 0) == site.graph.operand(site.node, 1),
      site.fits(site.operand(0))
    else { return nil }
    return .replace(site.operand(0), because: "the larger and the smaller of x and x are x")
  }
}
