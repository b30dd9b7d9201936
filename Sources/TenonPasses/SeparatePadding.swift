import TenonGraph
import TenonOps
import TenonTensor

/// Pads the input of a convolution beforehand where its channels may lie in blocks.
///
/// Before: `%2 = convolution(%0, %1) {padding = [[1, 1], [1, 1]], …}`
/// After:
///
///     %a = pad(%0, 0.0) {low = [0, 0, 1, 1], high = [0, 0, 1, 1], …}
///     %2 = convolution(%a, %1) {padding = [[0, 0], [0, 0]], …}
///
/// A kernel that reads blocks of channels has no time to ask for each number whether it is inside
/// the image; the op that makes the image can as well write it with its edge.
///
/// After `choose-winograd`, whose kernels take care of edges, and before `assign-layouts`, which
/// would leave the convolution and what is around it plain.
public struct SeparatePadding: GraphPass {
  public static let name = "separate-padding"
  public init() {}

  public func run(_ context: PassContext) throws {
    try context.rewrite(with: [ConvolutionOfPadded()])
  }
}

struct ConvolutionOfPadded: RewriteRule {
  static let name = "convolution-of-padded"
  static let ops = OpSelection.types(Convolution.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let convolution = site.op as? Convolution, convolution.algorithm == nil,
      convolution.padding.contains(where: { $0.contains { $0 > 0 } }),
      convolution.axes.hasPrefix("nc"), let contraction = ChannelContraction(site, site.node),
      contraction.isSumOfChannels, convolution.batchGroups == 1
    else { return nil }
    let input = site.operand(0)
    let block = LayoutCost(site.target).block
    let (read, written) = (site.graph.tensorType(input.id), site.graph.tensorType(site.result().id))
    // Channels that are no whole blocks are read as they lie, but for tuples of narrow numbers.
    let isRead =
      read.element == written.element
      ? LayoutRole.isImage(read) : LayoutRole.hasBlocks(read, block)
    guard block > 1, isRead, LayoutRole.hasBlocks(written, block) else {
      return .refuse(because: "its channels are no whole blocks of \(block) of known sizes")
    }
    guard
      let apart = try contraction.paddingApart(
        input, fill: site.graph.scalar(0, input.elementType))
    else { return .refuse(because: "there are holes between the elements of its input") }
    let replacement = try site.graph.applyAny(
      apart.contraction.op, [apart.input, site.operand(1)], site: CallSite())[0]
    return .replace(replacement, because: "its channels may lie in blocks of \(block)")
  }
}
