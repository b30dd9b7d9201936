import TenonGraph
import TenonTensor

/// Estimates of what layouts cost and save on a target, in nanoseconds of one core.
struct LayoutCost {
  let target: Target
  /// Lanes of a vector.
  private let lanes: Int
  /// Channels of a block.
  let block: Int

  /// - Parameter block: as many channels as a vector has lanes where nil.
  init(_ target: Target, block: Int? = nil) {
    self.target = target
    lanes = target.lanes(byteWidth: 4)
    self.block = block ?? lanes
  }

  /// As many channels as a vector has lanes; and where tiles multiply rows of 64 bytes, as many as
  /// such a row has of narrower numbers.
  static func blocks(_ target: Target) -> [Int] {
    let lanes = target.lanes(byteWidth: 4)
    return [lanes] + (target.hasTileProducts ? [2 * lanes, 4 * lanes] : [])
  }

  /// Multiply-adds of whole vectors that a kernel could start in a nanosecond.
  private var vectorRate: Double { target.peakGFLOPS / Double(2 * lanes) }

  // Of the time of a multiply-add, what one vector of a window's taps takes: in blocks, where a
  // row of pixels fills its vectors, where it does not, and where it is read with a stride.
  private static let (blockedTap, fullTap, partialTap, stridedTap) = (1.5, 2.0, 4.5, 6.0)

  /// What blocks save of the time of a sum over channels at full speed: a little; of narrow numbers,
  /// which are summed in tuples of neighbouring channels, the interleaving of channels too.
  private static let (savedShare, savedShareOfTuples) = (0.05, 0.1)
  /// What full tiles save of the time of such tuples, where a block fills their rows.
  private static let savedShareOfTiles = 0.4

  /// What the op's kernel saves where its operands and result are in blocks; less than nothing
  /// where it becomes slower.
  func saved(
    by role: LayoutRole, _ facts: ComputeFacts, operands: [TensorType], _ result: TensorType
  ) -> Double {
    let evaluations = Double(facts.work)
    switch role.kind {
    case .elementwise, .reader, .edgedContraction, .partialContraction: return 0
    case .window:
      let width = result.shape[result.rank - 1].constant!
      let (full, rest) = (Double(width / lanes), Double(width % lanes > 0 ? 1 : 0))
      let isStrided = facts.reads[role.data[0]].contains { read in
        read.index.last!.coefficient(ofAxis: result.rank - 1) != 1
      }
      let row =
        isStrided
        ? (full + rest) * Self.stridedTap : full * Self.fullTap + rest * Self.partialTap
      let plain = evaluations / Double(width) * row
      return (plain - evaluations / Double(lanes) * Self.blockedTap) / vectorRate
    case .winograd:
      // Its kernels take blocks of one vector.
      guard block == lanes else { return -2 * evaluations / target.peakGFLOPS }
      return WinogradCost(
        input: operands[role.data[0]].shape, result: result.shape, target: target
      ).saved
    case .contraction:
      var share = role.isOfTuples ? Self.savedShareOfTuples : Self.savedShare
      if role.isOfTuples, target.hasTileProducts, let data = role.data.first {
        let width = operands[data].element.byteWidth
        share += Self.savedShareOfTiles * min(1, Double(block * width) / 64) * Double(width) / 4
      }
      share += emptyLanes(facts, result)
      return 2 * evaluations / target.peakGFLOPS * share
    }
  }

  /// In plain layout the lanes lie along pixels: what those that the last vector leaves empty take of
  /// the time of the others.
  private func emptyLanes(_ facts: ComputeFacts, _ result: TensorType) -> Double {
    let sizes = result.shape.dimensions.dropFirst(2).map { $0.constant ?? lanes }
    let isPointwise = (facts.compute.reduction?.axes ?? []).filter { $0 != 1 }.count <= 1
    let pixels = isPointwise ? sizes.reduce(1, *) : sizes.last ?? lanes
    guard pixels > 0 else { return 0 }
    return Double((pixels + lanes - 1) / lanes * lanes) / Double(pixels) - 1
  }

  /// The copy of a value into another layout: read and written once.
  func conversion(_ type: TensorType) -> Double {
    Double(type.shape.elementCount.constant ?? 0) * Double(2 * type.element.byteWidth)
      / target.streamGBPS
  }

  /// `12.3 us`.
  static func text(_ nanoseconds: Double) -> String {
    let tenths = Int((nanoseconds / 100).rounded())
    return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10) us"
  }
}
