import TenonGraph
import TenonOps
import TenonTensor

/// Copies the pixels that a convolution of single pixels with strides reads.
///
/// Before: `%2 = convolution(%0, %1) {strides = [2, 2], …}: f32[1x512x14x14]`, `%1` of 1 x 1
/// After:
///
///     %a = slice(%0) {strides = [1, 1, 2, 2], …}
///     %2 = convolution(%a, %1) {strides = [1, 1], …}
///
/// Then the results' rows follow each other as one, however short they are, and what is read for
/// them lies side by side; the copy is of a part of the input that is read once for each vector of
/// output channels.
///
/// After `separate-padding`, which leaves convolutions without padding; before `assign-layouts`.
public struct SeparateStrides: GraphPass {
  public static let name = "separate-strides"
  public init() {}

  public func run(_ context: PassContext) throws {
    try context.rewrite(with: [ConvolutionOfSkippedPixels()])
  }
}

struct ConvolutionOfSkippedPixels: RewriteRule {
  static let name = "convolution-of-skipped-pixels"
  static let ops = OpSelection.types(Convolution.self)

  /// Vectors of output channels from which on a copy pays.
  private static let leastVectors = 4

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let convolution = site.op as? Convolution,
      convolution.strides.contains(where: { $0 > 1 }),
      convolution.axes.hasPrefix("nc"), convolution.padding.allSatisfy({ $0 == [0, 0] }),
      convolution.inputDilation.allSatisfy({ $0 == 1 }), convolution.algorithm == nil,
      convolution.featureGroups == 1, convolution.batchGroups == 1
    else { return nil }
    let (input, kernel) = (site.operand(0), site.operand(1))
    let block = LayoutCost(site.target).block
    let (read, written) = (site.graph.tensorType(input.id), site.graph.tensorType(site.result().id))
    let letters = convolution.axes.split(whereSeparator: { "_->".contains($0) })[1]
    guard zip(letters, kernel.shape).allSatisfy({ !$0.isWholeNumber || $1 == 1 }),
      block > 1, LayoutRole.hasBlocks(read, block), LayoutRole.hasBlocks(written, block),
      read.element == written.element
    else { return nil }
    guard written.shape[1].constant! >= Self.leastVectors * block else {
      return .refuse(because: "its input is read for \(written.shape[1]) channels alone")
    }
    var strides = [1, 1]
    var limits = Array(read.shape.prefix(2))
    for (axis, letter) in convolution.axes.prefix(while: { $0 != "_" }).enumerated() {
      guard let spatial = letter.wholeNumberValue else { continue }
      strides.append(convolution.strides[spatial])
      limits.append((written.shape[axis] - 1) * Dimension(strides[axis]) + 1)
    }
    let pixels = try slice(
      input, starts: limits.map { _ in 0 }, limits: limits, strides: strides)
    let replacement = try site.graph.apply1(
      Convolution(
        axes: convolution.axes, strides: convolution.strides.map { _ in 1 },
        padding: convolution.padding, kernelDilation: convolution.kernelDilation,
        reversal: convolution.reversal, result: convolution.result),
      [pixels, kernel], site: CallSite())
    return .replace(replacement, because: "the pixels that it reads then lie side by side")
  }
}
