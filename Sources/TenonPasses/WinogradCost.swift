import TenonGraph
import TenonTensor

/// What a convolution of 3 x 3 windows takes on a target by Winograd's F(4x4, 3x3), and term by
/// term: estimates in nanoseconds of one core.
struct WinogradCost: CustomStringConvertible {
  let direct: Double
  let winograd: Double

  // Of the peak, what sums term by term and the 36 products reach.
  private static let (directShare, productShare) = (0.85, 0.75)
  // Vector instructions, counted as multiply-adds, of a tile's transforms: of 16 lanes' inputs and
  // of 16 lanes' results.
  private static let (inputWork, resultWork) = (300.0, 300.0)
  /// What has to be saved, as part of the time term by term, before it is worth a larger error.
  private static let least = 0.2

  /// Sizes are known.
  init(input: Shape, result: Shape, target: Target) {
    let sizes = result.map { Double($0.constant!) }
    let channels = Double(input[1].constant!)
    let (batch, outputs) = (sizes[0], sizes[1])
    let lanes = Double(target.lanes(byteWidth: 4))
    let tiles = batch * (sizes[2] / 4).rounded(.up) * (sizes[3] / 4).rounded(.up)
    direct =
      18 * sizes.reduce(1, *) * channels / target.peakGFLOPS / Self.directShare
    let products = 72 * tiles * channels * outputs / target.peakGFLOPS / Self.productShare
    let vectorRate = target.peakGFLOPS / (2 * lanes)
    let transforms =
      tiles * (channels / lanes * Self.inputWork + outputs / lanes * Self.resultWork) / vectorRate
    // The weights are four times as large, and read once for a block of tiles. Threads share the
    // memory's stream, of which one of them fills two thirds or more.
    let weights = 36 * 4 * channels * outputs / target.streamGBPS * 1.5
    winograd = max(products, weights) + transforms
  }

  var pays: Bool { winograd < direct * (1 - Self.least) }

  /// What it saves.
  var saved: Double { direct - winograd }

  /// `F(4x4, 3x3) takes about 120.0 us, term by term 300.0 us`.
  var description: String {
    "F(4x4, 3x3) takes about \(LayoutCost.text(winograd)), term by term "
      + "\(LayoutCost.text(direct))"
  }
}
