import TenonGraph
import TenonOps
import TenonTensor

// The rules of `SimplifyAlgebra` for bits, powers, bounds and magnitudes.

/// The larger of x and the least value, and the smaller of x and the greatest, are x.
struct ExtremeOfBound: RewriteRule {
  static let name = "extreme-of-bound"
  static let ops = OpSelection.types(Maximum.self, Minimum.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let isLargest = site.op is Maximum
    let element = site.result().elementType
    let bound: UniformConstant =
      element.isFloat
      ? .float(isLargest ? -.infinity : .infinity)
      : .integer(isLargest ? element.minimumInteger : element.maximumInteger ?? -1)
    for (x, other) in [(0, 1), (1, 0)]
    where site.uniformConstant(site.operand(other)) == bound && site.fits(site.operand(x)) {
      return .replace(
        site.operand(x), because: "no value is \(isLargest ? "smaller" : "larger") than the bound")
    }
    return nil
  }
}

/// not(not(x)) is x.
struct NotTwice: RewriteRule {
  static let name = "not-twice"
  static let ops = OpSelection.types(Not.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let (_, node) = site.producer(site.operand(0), as: Not.self) else { return nil }
    return .replace(site.operand(0, of: node), because: "not(not(x)) is x")
  }
}

/// x and x, and x or x, are x; x xor x is 0.
struct BitwiseWithItself: RewriteRule {
  static let name = "bitwise-with-itself"
  static let ops = OpSelection.types(And.self, Or.self, Xor.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard site.operand(0).id == site.operand(1).id, site.fits(site.operand(0)) else { return nil }
    if site.op is Xor {
      return .replace(try site.result().filled(0, site: CallSite()), because: "x xor x is 0")
    }
    return .replace(site.operand(0), because: "x and x, x or x are x")
  }
}

/// x and 0 is 0, x and all ones is x; x or 0 is x, x or all ones is all ones; x xor 0 is x.
struct BitwiseWithConstant: RewriteRule {
  static let name = "bitwise-with-constant"
  static let ops = OpSelection.types(And.self, Or.self, Xor.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let element = site.result().elementType
    let ones = UniformConstant.integer(
      element == .bool ? 1 : element.isSignedInteger ? -1 : element.maximumInteger ?? -1)
    for (x, other) in [(0, 1), (1, 0)] {
      let (value, constant) = (site.operand(x), site.operand(other))
      guard let uniform = site.uniformConstant(constant), site.fits(value), site.fits(constant)
      else { continue }
      switch site.op {
      case is And where uniform.isIntegerZero:
        return .replace(constant, because: "x and 0 is 0")
      case is And where uniform == ones:
        return .replace(value, because: "x and all ones is x")
      case is Or where uniform.isIntegerZero, is Xor where uniform.isIntegerZero:
        return .replace(value, because: "x or 0, x xor 0 are x")
      case is Or where uniform == ones:
        return .replace(constant, because: "x or all ones is all ones")
      default: continue
      }
    }
    return nil
  }
}

/// A shift by 0 places is its operand.
struct ShiftByNothing: RewriteRule {
  static let name = "shift-by-nothing"
  static let ops = OpSelection.types(
    ShiftLeft.self, ShiftRightArithmetic.self, ShiftRightLogical.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let constant = site.uniformConstant(site.operand(1)), constant.isIntegerZero,
      site.fits(site.operand(0))
    else { return nil }
    return .replace(site.operand(0), because: "a shift by 0 moves nothing")
  }
}

/// x to the power of 1 is x.
struct PowerOfOne: RewriteRule {
  static let name = "power-of-one"
  static let ops = OpSelection.types(Power.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let constant = site.uniformConstant(site.operand(1)), constant.isNumber(1),
      site.fits(site.operand(0))
    else { return nil }
    return .replace(site.operand(0), because: "x to the power of 1 is x")
  }
}

/// x to the power of 2 is x * x, which is at least as close to the square.
struct PowerOfTwo: RewriteRule {
  static let name = "power-of-two"
  static let ops = OpSelection.types(Power.self)
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let constant = site.uniformConstant(site.operand(1)), constant.isNumber(2),
      site.fits(site.operand(0))
    else { return nil }
    return .replace(
      try site.operand(0) * site.operand(0), because: "x to the power of 2 is x * x")
  }
}

/// |-x| and ||x|| are |x|.
struct AbsoluteOfSign: RewriteRule {
  static let name = "absolute-of-sign"
  static let ops = OpSelection.types(Abs.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    if site.producer(site.operand(0), as: Abs.self) != nil {
      return .replace(site.operand(0), because: "||x|| is |x|")
    }
    guard let (_, node) = site.producer(site.operand(0), as: Negate.self) else { return nil }
    return .replace(
      try site.graph.apply1(Abs(), [site.operand(0, of: node)], site: CallSite()),
      because: "|-x| is |x|")
  }
}
