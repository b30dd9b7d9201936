import TenonTensor

/// The place of a scalar in its program.
public struct ScalarID: Hashable, Sendable, Comparable {
  public let rawValue: Int32
  public init(_ rawValue: Int) { self.rawValue = Int32(truncatingIfNeeded: rawValue) }
  public var index: Int { Int(rawValue) }
  public static func < (a: ScalarID, b: ScalarID) -> Bool { a.rawValue < b.rawValue }
}

/// A straight-line typed program over scalars, in SSA form: instruction n defines scalar n from
/// earlier ones. Equal instructions are one.
///
/// Arithmetic on f16 and bf16 is written on f32 with explicit conversions; integer arithmetic
/// wraps; the corner cases are those of Docs/Semantics.md.
public struct ScalarProgram: Hashable, Sendable {
  public private(set) var instructions: [ScalarInstruction] = []
  public private(set) var types: [ElementType] = []

  public init() {}

  public func type(_ scalar: ScalarID) -> ElementType { types[scalar.index] }
  public subscript(scalar: ScalarID) -> ScalarInstruction { instructions[scalar.index] }

  /// The scalar of `instruction`; an equal earlier one is shared.
  @discardableResult
  public mutating func add(_ instruction: ScalarInstruction, _ type: ElementType) -> ScalarID {
    for place in instructions.indices.reversed()
    where instructions[place] == instruction && types[place] == type {
      return ScalarID(place)
    }
    instructions.append(instruction)
    types.append(type)
    return ScalarID(instructions.count - 1)
  }
}

public enum ScalarInstruction: Hashable, Sendable {
  /// A constant: the bits of a float as `Double`, of an integer as `Int64`.
  case float(Double)
  case integer(Int64)
  /// A size, as i64.
  case size(Dimension)
  /// An index expression's number, as i64.
  case index(IndexExpression)
  /// An element of an operand where all guards hold, else `fill`; `fill` is nil without guards.
  case load(operand: Int, [IndexExpression], guards: [Guard], fill: ScalarID?)
  /// Whether all guards hold, as `bool`.
  case holds([Guard])
  case unary(UnaryFunction, ScalarID)
  case binary(BinaryFunction, ScalarID, ScalarID)
  /// As `bool`. For floats every comparison with NaN is false but `notEqual`.
  case compare(Comparison, ScalarID, ScalarID)
  /// The second where the first is true, else the third.
  case select(ScalarID, ScalarID, ScalarID)
  /// Converted as `Tensor.converted(to:)` does.
  case convert(ScalarID)
  /// The same bits as another type of the same width.
  case bitcast(ScalarID)
  /// The k-th value of the compute's reduction.
  case reduced(Int)
  /// The k-th parameter of a combiner or comparator.
  case parameter(Int)
}

/// A condition on an index under which an element exists.
public enum Guard: Hashable, Sendable {
  /// 0 ≤ expression < bound.
  case within(IndexExpression, Dimension)
  /// The expression is a multiple of the number.
  case multiple(IndexExpression, of: Int)
}

public enum Comparison: String, Hashable, Sendable, Codable, CaseIterable {
  case equal = "eq"
  case notEqual = "ne"
  case less = "lt"
  case lessOrEqual = "le"
  case greater = "gt"
  case greaterOrEqual = "ge"
}

/// Functions of one scalar; the type is the operand's unless said.
public enum UnaryFunction: String, Hashable, Sendable, Codable, CaseIterable {
  case negate, abs, sign, not
  case exponential, exponentialMinusOne, log, logPlusOne
  case squareRoot, reciprocalSquareRoot, cubeRoot
  case sine, cosine, tangent, arcsine, arccosine, arctangent
  case hyperbolicSine, hyperbolicCosine, hyperbolicTangent
  case inverseHyperbolicSine, inverseHyperbolicCosine, inverseHyperbolicTangent
  case logistic, errorFunction
  case floor, ceil, roundHalfToEven, roundHalfAwayFromZero
  /// As `bool`.
  case isFinite
  case countLeadingZeros, populationCount
}

/// Functions of two scalars of one type.
public enum BinaryFunction: String, Hashable, Sendable, Codable, CaseIterable {
  case add, subtract, multiply
  /// Integers: toward zero; by zero gives -1; the least by -1 gives the least.
  case divide
  /// The sign of the dividend; integers by zero give the dividend.
  case remainder
  /// NaN if either is NaN; -0 is less than 0.
  case maximum, minimum
  case power, arctangent2
  case and, or, xor
  /// By the width or more gives 0 (for `shiftRightArithmetic`, the sign).
  case shiftLeft, shiftRightArithmetic, shiftRightLogical
  /// The upper half of the product of two u32: the step of Philox.
  case multiplyHigh
}
