import TenonGraph
import TenonTensor

/// A convolution with windows of 3 x 3 that may be computed by Winograd's F(4x4, 3x3), whose input
/// and results lie in blocks of channels that fill one vector.
///
/// Its axes: batch, blocks of output channels, rows, columns, output channels of a block; summed
/// over blocks of input channels, input channels of a block, rows and columns of a window.
struct WinogradShape {
  let stage: StageAnalysis
  /// The input's element, one load.
  let inputFactor: ScalarID
  let filterFactor: ScalarID
  /// How the filters' elements are reached, and where the first of them that is read lies.
  let filters: Int
  let filterIndex: [IndexExpression]
  let lanes: Int

  /// Results along a side of a tile, and inputs that they depend on.
  static let (results, inputs) = (4, 6)
  /// Numbers of a transformed filter or tile.
  static let points = inputs * inputs

  // The axes.
  static let (batch, outputBlock, row, column, outputLane) = (0, 1, 2, 3, 4)
  static let (inputBlock, inputLane, windowRow, windowColumn) = (5, 6, 7, 8)

  /// Nil where the stage is no such convolution.
  init?(_ stage: StageAnalysis, target: Target) {
    guard let reduction = stage.compute.reduction, reduction.allowsWinograd,
      stage.compute.axes.count == 5, reduction.axes.count == 4,
      (stage.compute.axes + reduction.axes).allSatisfy({ ($0.constant ?? 0) > 0 }),
      reduction.axes[2] == 3, reduction.axes[3] == 3,
      case .binary(.multiply, let a, let b) = reduction.program[reduction.values[0]],
      reduction.program.type(a) == .f32,
      case .float(0) = reduction.program[reduction.initial[0]]
    else { return nil }
    lanes = target.lanes(byteWidth: 4)
    let program = reduction.program
    let isFirst =
      program.axes(of: b).contains(Self.outputBlock)
      || program.axes(of: b).contains(Self.outputLane)
    (inputFactor, filterFactor) = isFirst ? (a, b) : (b, a)
    guard lanes > 1, stage.compute.axes[Self.outputLane] == Dimension(lanes),
      reduction.axes[1] == Dimension(lanes),
      stage.storesSideBySide(along: Self.outputLane),
      Self.slides(program, inputFactor, stage)
    else { return nil }
    var found: (operand: Int, index: [IndexExpression])?
    for (place, isNeeded) in program.needed(for: [filterFactor]).enumerated() where isNeeded {
      guard case .load(let operand, let index, let guards, _) = program.instructions[place] else {
        continue
      }
      guard guards.isEmpty, found == nil || found!.operand == operand else { return nil }
      found = found ?? (operand, index)
    }
    guard let found else { return nil }
    (filters, filterIndex) = found
    self.stage = stage
  }

  /// Whether the input's element is one load, side by side along the lanes, at a place that a step
  /// within the window moves as a step of the result does.
  private static func slides(
    _ program: ScalarProgram, _ scalar: ScalarID, _ stage: StageAnalysis
  ) -> Bool {
    guard case .load(let operand, let index, let guards, let fill) = program[scalar] else {
      return false
    }
    if let fill, program[fill] != .float(0) { return false }
    let access = stage.operands[operand]
    guard access.element == .f32, access.offset(index).isSideBySide(along: inputLane) else {
      return false
    }
    // The last tile along a side may reach over the image: only a guard keeps it from there.
    let isGuarded = [row, column].allSatisfy { axis in
      stage.compute.axes[axis].constant! % results == 0
        || guards.contains { $0.expression.axes.contains(axis) }
    }
    guard isGuarded else { return false }
    var places = index
    for condition in guards {
      guard case .within(let place, _) = condition else { return false }
      places.append(place)
    }
    return places.allSatisfy { place in
      place.isAffine && place.scalars.isEmpty
        && [(row, windowRow), (column, windowColumn)].allSatisfy {
          place.coefficient(ofAxis: $0) == place.coefficient(ofAxis: $1)
            && [0, 1].contains(place.coefficient(ofAxis: $0))
        }
        && !place.axes.contains(outputBlock) && !place.axes.contains(outputLane)
    }
  }

  var axes: [Int] { stage.compute.axes.map { $0.constant! } }
  var inputChannels: Int { stage.compute.reduction!.axes[0].constant! * lanes }
  var outputChannels: Int { axes[Self.outputBlock] * lanes }
  /// Tiles along a column and a row of an image.
  var tileRows: Int { (axes[Self.row] + Self.results - 1) / Self.results }
  var tileColumns: Int { (axes[Self.column] + Self.results - 1) / Self.results }
  /// Tiles of all images.
  var tiles: Int { axes[Self.batch] * tileRows * tileColumns }
}
