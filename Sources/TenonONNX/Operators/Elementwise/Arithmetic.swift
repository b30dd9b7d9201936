import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Pow`: the result has the base's type; an exponent of a float type makes an integer base a
  /// float for the computation.
  static let power = ONNXOperator("Pow", since: [1, 7, 12, 13, 15]) { node in
    let (base, exponent) = try node.broadcastOperands()
    if base.elementType.isFloat || exponent.elementType.isInteger {
      return try pow(base, convert(exponent, to: base.elementType))
    }
    // Whole powers of integers are exact.
    let whole = try convert(exponent, to: base.elementType)
    let isWhole = try equal(convert(whole, to: exponent.elementType), exponent)
    let result = try pow(convert(base, to: .f64), convert(exponent, to: .f64))
    return try select(isWhole, pow(base, whole), convert(result, to: base.elementType))
  }

  /// `Mod`: the sign of the result is the divisor's, with `fmod` the dividend's.
  static let modulo = ONNXOperator("Mod", since: [10, 13, 28]) { node in
    let (x, y) = try node.broadcastOperands()
    let truncated = try remainder(x, y)
    // Known elements are sizes and so not negative.
    if try node.flag("fmod") || x.isUnsigned || truncated.knownElements != nil {
      return truncated
    }
    try node.require(
      node.version >= 28 || !x.elementType.isFloat, "floats need the attribute fmod to be 1")
    let isOther = try xor(less(truncated, 0), less(y, 0))
    let moved = try select(isOther, truncated + y, truncated)
    var nothing = try truncated.filled(0, site: CallSite())
    if x.elementType.isFloat {
      nothing = try select(less(y, 0), -nothing, nothing)
      // A zero divisor gives NaN, which is no zero.
    }
    return try select(equal(truncated, 0), nothing, moved)
  }

  /// `BitShift`; amounts that are negative or not under the width leave only copies of the sign.
  static let bitShift = ONNXOperator("BitShift", since: [11, 28]) { node in
    let (x, amount) = try node.broadcastOperands()
    switch try node.string("direction") {
    case "LEFT": return try shiftLeft(x, amount)
    case "RIGHT":
      return try x.isUnsigned ? shiftRightLogical(x, amount) : shiftRightArithmetic(x, amount)
    case let other:
      throw node.fail("direction must be LEFT or RIGHT, not \(other ?? "missing")")
    }
  }

  /// `IsInf`, of the signs that the attributes name.
  static let isInfinite = ONNXOperator("IsInf", since: [10, 20]) { node in
    let x = try node.input(0).arithmetic()
    let positive = try node.flag("detect_positive", default: true)
    let negative = try node.flag("detect_negative", default: true)
    switch (positive, negative) {
    case (true, true): return try equal(abs(x), Double.infinity)
    case (true, false): return try equal(x, Double.infinity)
    case (false, true): return try equal(x, -Double.infinity)
    case (false, false): return try node.graph.scalar(0, .bool).repeated(to: x.shape)
    }
  }

  /// `IsNaN`.
  static let isNaN = unary("IsNaN", since: [9, 13, 20]) { x in
    let wide = try x.arithmetic()
    return try notEqual(wide, wide)
  }

  /// `Where`: all three inputs are broadcast to one shape.
  static let choose = ONNXOperator("Where", since: [9, 16]) { node in
    let values = try node.inputs()
    try node.require(values.count == 3, "takes three inputs")
    try node.require(values[1].elementType != .string, "strings are not chosen")
    let all = try node.broadcast(values)
    return try select(all[0], all[1], all[2])
  }

  /// `Clip`: bounds are attributes before version 11, then optional inputs. Where the lower bound
  /// is over the upper one, the upper one wins.
  static let clip = ONNXOperator("Clip", since: [1, 6, 11, 12, 13]) { node in
    let x = try node.input(0)
    guard node.version >= 11 else {
      return try clamp(
        x, node.float("min", default: -.infinity), node.float("max", default: .infinity))
    }
    func bound(_ position: Int) throws -> Value? {
      guard let value = try node.optionalInput(position) else { return nil }
      try node.require(
        value.shape.elementCount == 1, "bounds must be of rank 0, input \(position) is not")
      return value.rank == 0 ? value : try TenonOps.reshape(value, [])
    }
    switch (try bound(1), try bound(2)) {
    case (let least?, let greatest?): return try clamp(x, least, greatest)
    case (let least?, nil): return try maximum(x, broadcast(least, to: x))
    case (nil, let greatest?): return try minimum(x, broadcast(greatest, to: x))
    case (nil, nil): return x
    }
  }
}

extension Value {
  /// The value in a type that takes part in arithmetic: storage floats as f32.
  func arithmetic() throws -> Value {
    elementType.isFloat && elementType.isStorageOnly ? try convert(self, to: .f32) : self
  }

  /// A value of rank 0 repeated to a shape.
  func repeated(to shape: Shape) throws -> Value {
    if shape == self.shape { return self }
    return try graph.apply1(
      BroadcastInDim(shape: shape, dimensions: []), [self], site: CallSite())
  }
}
