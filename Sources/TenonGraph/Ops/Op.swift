import TenonTensor

/// An operation: what it is called, what types it gives, what it means, how it differentiates and
/// how it becomes loops. One op is one file and one line in a catalogue.
///
/// The stored properties of a conforming struct are the op's attributes; Swift's synthesized
/// `Hashable` and `Codable` compare, print, parse and save them. A stored property may be an `Int`,
/// `Double`, `Bool`, `String`, `ElementType`, `Dimension`, `Shape`, `Literal`, an enum with
/// `String` raw values that is `Codable`, and an optional or array of these.
public protocol Op: Hashable, Codable, Sendable {
  /// The name in graph text: `broadcast_in_dim`.
  static var name: String { get }
  /// Raised when the attributes change their form or meaning; saved graphs name `softmax@2`.
  static var version: Int { get }
  /// The names of operands, results and regions, for messages and documentation.
  static var signature: Signature { get }

  /// The types of the results, from the operands' types and the regions' signatures.
  ///
  /// - Throws: a `TenonError` that names the rule broken; `site` has the wording.
  func infer(_ site: InferenceSite) throws -> [ValueType]

  /// Expressions for the elements of integer results of rank 0 or 1, where they are known.
  func knownElements(_ site: InferenceSite) -> [Dimension]?

  /// The gradient of each operand from the gradients of the results; nil where an operand has none.
  ///
  /// - Throws: `no-gradient` where the op is not differentiable.
  func gradient(_ site: GradientSite) throws -> [Value?]

  /// The loops that compute the results; nil where a composite's body says it.
  func lowering(_ site: LoweringSite) -> Lowering?

  /// What folding, CSE and dead code may do with it.
  static var effects: Effects { get }

  /// Ranges and types in which generated cases draw operands.
  static var samples: Samples { get }

  /// Cases with literal values, for documentation and tests.
  static var examples: [Example] { get }

  /// Brings the attributes of an older version to the next one.
  ///
  /// - Throws: `unknown-version` where there is no way from `version`.
  static func upgrade(_ attributes: inout Attributes, from version: Int) throws
}

/// An op with a meaning of its own.
public protocol PrimitiveOp: Op {
  /// The results for the operands given, plain and independent of the lowering.
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor]
}

/// An op that a graph of other ops defines.
public protocol CompositeOp: Op {
  /// Records the definition into `graph` and returns the results.
  func body(_ graph: Graph, _ operands: [Value]) throws -> [Value]
}

/// What passes may do with an op's nodes.
public enum Effects: Hashable, Sendable {
  /// The results depend on the operands and attributes alone: may be folded, shared and dropped.
  case pure
  /// May be dropped when unused, but never folded, shared or crossed (`optimization_barrier`).
  case barrier
}

/// The names of an op's operands, results and regions. A name that ends in `…` stands for any
/// number.
public struct Signature: Hashable, Sendable {
  public var operands: [String]
  public var results: [String]
  public var regions: [String]

  public init(_ operands: [String], _ results: [String] = ["result"], regions: [String] = []) {
    self.operands = operands
    self.results = results
    self.regions = regions
  }

  /// The operand's name: `x`, `inputs[2]`.
  public func operandName(_ position: Int) -> String {
    Signature.name(operands, position)
  }

  static func name(_ names: [String], _ position: Int) -> String {
    guard let last = names.last else { return "#\(position)" }
    if position >= names.count - 1, last.hasSuffix("…") {
      return "\(last.dropLast())[\(position - names.count + 1)]"
    }
    return position < names.count ? names[position] : "#\(position)"
  }

  /// Whether `count` regions fit.
  public func accepts(regionCount count: Int) -> Bool {
    if regions.last?.hasSuffix("…") == true { return count >= regions.count - 1 }
    return count == regions.count
  }

  /// Whether `count` operands fit.
  public func accepts(operandCount count: Int) -> Bool {
    if operands.last?.hasSuffix("…") == true { return count >= operands.count - 1 }
    let least = operands.count { !$0.hasSuffix("?") }
    return count >= least && count <= operands.count
  }
}

extension Op {
  public static var version: Int { 1 }
  public static var effects: Effects { .pure }
  public static var samples: Samples { Samples() }
  public static var examples: [Example] { [] }
  public func knownElements(_ site: InferenceSite) -> [Dimension]? { nil }
  public func lowering(_ site: LoweringSite) -> Lowering? { nil }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    throw TenonError.noGradient(Self.name)
  }

  public static func upgrade(_ attributes: inout Attributes, from version: Int) throws {
    throw TenonError.unknownVersion(name, version, newest: Self.version)
  }

  /// `softmax@2`.
  public static var versionedName: String { "\(name)@\(version)" }

  func isEqual(to other: any Op) -> Bool { (other as? Self) == self }
}

extension CompositeOp {
  /// The gradient of a composite that states none is that of its body; the gradient pass inlines
  /// it.
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    throw TenonError.gradientOfBody
  }
}

extension TenonError {
  /// Thrown by a composite without a gradient of its own; the gradient pass inlines the body.
  package static let gradientOfBody = TenonError(
    "gradient-of-body", "internal: the gradient is that of the body")
}
