import TenonGraph
import TenonOps
import TenonTensor

/// Lets convolutions be computed by Winograd's F(4x4, 3x3) where that pays.
///
/// Before: `%2 = convolution(%0, %1) {…}`
/// After:  `%2 = convolution(%0, %1) {…, algorithm = "winograd"}`
///
/// For f32, windows of 3 x 3 without strides, dilation or groups, and constant weights, whose
/// transform is a step of the plan's prepare entry. What it takes and saves is estimated from sizes
/// and the target. Results differ by about 1e-5 of their scale; `PassOptions.precision` `.strict`
/// forbids it.
///
/// Just before `assign-layouts`, which gives such convolutions the blocks of channels that the
/// algorithm reads and writes.
public struct ChooseWinograd: GraphPass {
  public static let name = "choose-winograd"
  public init() {}

  public func run(_ context: PassContext) throws {
    guard context.options.claimedLowerings.contains("winograd") else { return }
    try context.rewrite(with: [ConvolutionByWinograd()])
  }
}

struct ConvolutionByWinograd: RewriteRule {
  static let name = "convolution-by-winograd"
  static let ops = OpSelection.types(Convolution.self)
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let convolution = site.op as? Convolution, convolution.algorithm == nil,
      convolution.slides3x3(over: site.operand(1).shape)
    else { return nil }
    let (input, kernel, result) = (site.operand(0), site.operand(1), site.result())
    guard [input, kernel, result].allSatisfy({ $0.elementType == .f32 }) else {
      return .refuse(because: "only f32 is computed so")
    }
    guard site.options.precision != .strict else {
      return .refuse(because: "strict precision allows no errors of 1e-5")
    }
    guard site.isConstant(kernel) else {
      return .refuse(because: "the weights are no constants, so that each run would transform them")
    }
    // Tiles that reach over the image need the zeros that padding reads there.
    let isCovered = convolution.padding.enumerated().allSatisfy { axis, padding in
      (result.shape[2 + axis].constant ?? 1) % 4 == 0 || padding.contains { $0 > 0 }
    }
    guard isCovered else {
      return .refuse(because: "tiles of 4 x 4 results would read beyond the image")
    }
    let cost = LayoutCost(site.target)
    let types = [input, result].map { site.graph.tensorType($0.id) }
    guard types.allSatisfy({ LayoutRole.hasBlocks($0, cost.block) }) else {
      return .refuse(because: "its channels are no whole blocks of \(cost.block) of known sizes")
    }
    let estimate = WinogradCost(
      input: input.shape, result: result.shape, target: site.target)
    guard estimate.pays else { return .refuse(because: "\(estimate)") }
    let replacement = try site.graph.applyAny(
      convolution.computed(by: .winograd), [input, kernel], site: CallSite())[0]
    return .replace(
      replacement, because: "\(estimate); errors are about 1e-5 of the results' scale")
  }
}
