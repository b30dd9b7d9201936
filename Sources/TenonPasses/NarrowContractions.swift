import TenonGraph
import TenonOps
import TenonTensor

/// Rounds the operands of contractions to bf16 where that is asked for and the machine multiplies
/// pairs of those in one instruction.
///
/// Before: `%2 = dot_general(%0, %1)`
/// After:
///
///     %a = convert(%0) {to = bf16}
///     %b = convert(%1) {to = bf16}
///     %2 = dot_general(%a, %b) {result = f32}
///
/// The padding of a convolution becomes an op of its own.
///
/// Only for `PassOptions.precision` `.bfloat16`: a product then is off by up to a 128th of its size,
/// sums are those of f32. Conversions become part of the kernels that make the operands; those of
/// constants are steps of the plan's prepare entry.
///
/// After batch normalization went into weights, which is done in f32; before `choose-winograd`,
/// whose transforms bf16 is too coarse for.
public struct NarrowContractions: GraphPass {
  public static let name = "narrow-contractions"
  public init() {}

  public func run(_ context: PassContext) throws {
    guard context.options.precision == .bfloat16 else { return }
    try context.rewrite(with: [ContractionOfBFloat16()])
  }
}

struct ContractionOfBFloat16: RewriteRule {
  static let name = "contraction-of-bf16"
  static let ops = OpSelection.types(DotGeneral.self, Convolution.self)
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let operands = [site.operand(0), site.operand(1)]
    guard operands.allSatisfy({ $0.elementType == .f32 }), site.result().elementType == .f32,
      let contraction = ChannelContraction(site, site.node)
    else { return nil }
    guard site.target.hasBFloat16DotProduct else {
      return .refuse(because: "\(site.target.name) has no dot products of bf16")
    }
    guard contraction.isSumOfChannels else {
      return .refuse(because: "groups of channels have few products to gain from")
    }
    guard contraction.sumsPairs(operands[1].shape) else {
      return .refuse(because: "an odd number of channels makes no pairs")
    }
    let narrow = try operands.map { try convert($0, to: .bf16) }
    guard
      let apart = try contraction.giving(.f32).paddingApart(
        narrow[0], fill: convert(site.graph.scalar(0, .f32), to: .bf16))
    else { return .refuse(because: "there are holes between the elements of its input") }
    let replacement = try site.graph.applyAny(
      apart.contraction.op, [apart.input, narrow[1]], site: CallSite())[0]
    return .replace(replacement, because: "bf16 is what the precision allows")
  }
}
