import TenonGraph
import TenonOps
import TenonTensor

/// Takes factors and shifts of channels that follow a convolution or matrix product with constant
/// weights into the weights and one bias: inference batch normalization, and whatever else is a
/// multiplication and an addition by constants along the result's channels.
///
/// Before:
///
///     %y = convolution(%x, %w)
///     %a = multiply(%y, broadcast_in_dim(%factor))
///     %b = add(%a, broadcast_in_dim(%shift))
///
/// After:
///
///     %v = multiply(%w, broadcast_in_dim(%factor))
///     %y = convolution(%x, %v)
///     %b = add(%y, broadcast_in_dim(%shift))
///
/// Results differ by rounding. The work on constants is folded after, where it is small; else it is a
/// step of the plan's prepare entry.
///
/// After folding and the simplifications, which leave a normalization as one factor and one shift;
/// before merging.
public struct FoldBatchNormalization: GraphPass {
  public static let name = "fold-batch-normalization"
  public init() {}

  public func run(_ context: PassContext) throws {
    try context.rewrite(with: [FactorIntoWeights(), FactorThroughShift(), ShiftsIntoOne()])
  }
}

/// (x · w) f is x · (w f) for constants w and f along the channels of w.
struct FactorIntoWeights: RewriteRule {
  static let name = "factor-into-weights"
  static let ops = OpSelection.types(Multiply.self, Divide.self)
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let (y, factor) = site.channelFactor(), let node = site.producer(y),
      let contraction = ChannelContraction(site, node),
      let weights = [1, 0].first(where: { site.isConstant(site.operand($0, of: node)) })
    else { return nil }
    let weight = site.operand(weights, of: node)
    var axes: [Int] = []
    for axis in factor.axes {
      guard let own = contraction.operandAxis(ofResult: axis, operand: weights) else { return nil }
      axes.append(own)
    }
    guard axes == axes.sorted() else { return nil }
    guard site.useCount(y) == 1 else {
      return .refuse(because: "what it multiplies is used without the factor too")
    }
    guard weight.elementType == .f32 || weight.elementType == .f64 else {
      return .refuse(because: "weights of \(weight.elementType) would lose digits")
    }
    let scaled = try weight * factor.repeated(to: weight.shape, along: axes)
    var operands = [site.operand(0, of: node), site.operand(1, of: node)]
    operands[weights] = scaled
    let replacement = try site.graph.applyAny(contraction.op, operands, site: CallSite())[0]
    guard site.fits(replacement) else { return nil }
    return .replace(replacement, because: "a factor of each channel belongs to constant weights")
  }
}

/// (y + b) f is y f + b f for constants, where y is a contraction that takes the factor.
struct FactorThroughShift: RewriteRule {
  static let name = "factor-through-shift"
  static let ops = OpSelection.types(Multiply.self, Divide.self)
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let (sum, factor) = site.channelFactor(), let node = site.producer(sum),
      let (y, shift) = site.channelShift(of: node), site.isFoldableContraction(y),
      site.useCount(sum) == 1, factor.axes.isEmpty || factor.axes == shift.axes
    else { return nil }
    let shifted = try shift.value * factor.repeated(to: shift.value.shape)
    let product = try y * factor.repeated(to: y.shape, along: factor.axes)
    return .replace(
      try product
        + ChannelConstant(value: shifted, axes: shift.axes)
        .repeated(to: y.shape, along: shift.axes),
      because: "the factor of a shifted contraction goes to both")
  }
}

/// (y + a) + b is y + (a + b) for constants along the same channels of a contraction.
struct ShiftsIntoOne: RewriteRule {
  static let name = "shifts-into-one"
  static let ops = OpSelection.types(Add.self, Subtract.self)
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let (sum, second) = site.channelShift(of: site.node), let node = site.producer(sum),
      let (y, first) = site.channelShift(of: node), site.isFoldableContraction(y),
      first.axes == second.axes, site.useCount(sum) == 1
    else { return nil }
    let both = ChannelConstant(value: try first.value + second.value, axes: first.axes)
    return .replace(
      try y + both.repeated(to: y.shape, along: both.axes),
      because: "two shifts of each channel are one")
  }
}

/// A constant with one number for each index of some axes of another value.
private struct ChannelConstant {
  var value: Value
  var axes: [Int]

  func repeated(to shape: Shape, along axes: [Int]) throws -> Value {
    try value.graph.apply1(
      BroadcastInDim(shape: shape, dimensions: axes), [value], site: CallSite())
  }

  /// For a shape that has these axes alone, or a constant without axes.
  func repeated(to shape: Shape) throws -> Value {
    axes.isEmpty ? try repeated(to: shape, along: []) : value
  }
}

extension RewriteSite {
  /// What the site's product multiplies, and the constant factor of its channels; a divisor counts
  /// by its inverse.
  fileprivate func channelFactor() -> (Value, ChannelConstant)? {
    if let constant = channelConstant(operand(1)) {
      guard op is Divide else { return (operand(0), constant) }
      let one = try? constant.value.filled(1, site: CallSite())
      guard let inverse = try? one.map({ try $0 / constant.value }) else { return nil }
      return (operand(0), ChannelConstant(value: inverse, axes: constant.axes))
    }
    if op is Multiply, let constant = channelConstant(operand(0)) { return (operand(1), constant) }
    return nil
  }

  /// What a sum or difference adds a constant of its channels to, and the constant.
  fileprivate func channelShift(of node: NodeID) -> (Value, ChannelConstant)? {
    guard graph.operandCount(node) == 2 else { return nil }
    let (a, b) = (operand(0, of: node), operand(1, of: node))
    switch graph.op(node) {
    case is Add:
      if let constant = channelConstant(b) { return (a, constant) }
      return channelConstant(a).map { (b, $0) }
    case is Subtract:
      guard let constant = channelConstant(b), let negated = try? -constant.value else {
        return nil
      }
      return (a, ChannelConstant(value: negated, axes: constant.axes))
    default: return nil
    }
  }

  /// A value that repeats a small constant along other axes.
  private func channelConstant(_ value: Value) -> ChannelConstant? {
    guard value.elementType.isFloat,
      let (broadcast, node) = producer(value, as: BroadcastInDim.self)
    else { return nil }
    let source = operand(0, of: node)
    guard source.rank <= 1, isConstant(source), source.shape.dimensions.allSatisfy({ $0 != 1 })
    else { return nil }
    return ChannelConstant(value: source, axes: broadcast.dimensions)
  }

  /// Whether a value is a contraction with constant weights.
  fileprivate func isFoldableContraction(_ value: Value) -> Bool {
    guard let node = producer(value), ChannelContraction(self, node) != nil else { return false }
    return isConstant(operand(1, of: node)) || isConstant(operand(0, of: node))
  }
}
