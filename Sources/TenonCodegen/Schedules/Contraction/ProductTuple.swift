import TenonGraph
import TenonTensor

/// Narrow factors of which one instruction multiplies several neighbours along one loop of depth and
/// adds the products to a wide sum: four bytes or two 16-bit integers to an i32, two bf16 to an f32.
///
/// The kernel's depth then counts tuples: where the loop's size does not divide by the width, the
/// last tuple is filled with zeros.
struct ProductTuple {
  /// The factors before their conversion to the type of the sums.
  let row: ScalarID
  let column: ScalarID
  /// Neighbours of one tuple.
  let width: Int
  /// The loop along which they are neighbours.
  let loop: LoopAxis

  var axis: Int { loop.axes.last! }
  /// Tuples along the loop.
  var count: Int { (loop.bound + width - 1) / width }
  /// Numbers of the last tuple; 0 where it is whole.
  var rest: Int { loop.bound % width }
  /// The loop over tuples.
  var tuples: LoopAxis { LoopAxis(extent: Dimension(count), axes: loop.axes) }

  /// The most that filling up may cost.
  private static let mostWaste = 2.0

  /// Nil where the factors are as wide as their sums, or have no loop that tuples fill well.
  init?(_ stage: StageAnalysis, row: ScalarID, column: ScalarID, target: Target) {
    let program = stage.compute.reduction!.program
    guard case .convert(let narrowRow) = program[row],
      case .convert(let narrowColumn) = program[column]
    else { return nil }
    switch (program.type(narrowRow), program.type(narrowColumn), program.type(row)) {
    case (.u8, .i8, .i32), (.i8, .u8, .i32): width = 4
    case (.i16, .i16, .i32): width = 2
    case (.bf16, .bf16, .f32) where target.hasBFloat16DotProduct: width = 2
    default: return nil
    }
    (self.row, self.column) = (narrowRow, narrowColumn)
    let (rowAxes, columnAxes) = (program.axes(of: narrowRow), program.axes(of: narrowColumn))
    var best: (cost: Double, isApart: Bool, loop: LoopAxis)?
    for loop in stage.reductionLoops {
      let axis = loop.axes.last!
      guard let size = loop.extent.constant, size > 0, rowAxes.contains(axis),
        columnAxes.contains(axis)
      else { continue }
      let cost = Double((size + width - 1) / width * width) / Double(size)
      let isApart = !stage.isSideBySide(narrowRow, along: axis, blocksOf: width)
      if let best {
        if (best.cost, best.isApart ? 1 : 0) < (cost, isApart ? 1 : 0) { continue }
        if (best.cost, best.isApart) == (cost, isApart), best.loop.bound >= size { continue }
      }
      best = (cost, isApart, loop)
    }
    guard let best, best.cost <= ProductTuple.mostWaste else { return nil }
    loop = best.loop
  }

  /// `place`, where the loop's index counts tuples, at one of the tuple's numbers.
  func place(_ place: AxisPlaces, _ number: IndexExpression) -> AxisPlaces {
    var place = place
    place[axis] = (place[axis] ?? IndexExpression(0)) * Dimension(width) + number
    return place
  }
}

extension StageAnalysis {
  /// The one load that a scalar of the reduction is; nil where it is computed.
  func load(_ scalar: ScalarID) -> (operand: OperandAccess, index: [IndexExpression], [Guard])? {
    guard case .load(let operand, let index, let guards, _) = compute.reduction!.program[scalar]
    else { return nil }
    return (operands[operand], index, guards)
  }

  /// Whether a scalar of the reduction is a load from neighbours along an axis, in blocks of so many.
  func isSideBySide(_ scalar: ScalarID, along axis: Int, blocksOf length: Int) -> Bool {
    guard let (operand, index, guards) = load(scalar),
      !guards.contains(where: { $0.expression.axes.contains(axis) })
    else { return false }
    return operand.offset(index).isSideBySide(along: axis, blocksOf: length)
  }
}

extension ContractionShape {
  /// Whether whole tuples of the row factor are read from where they lie.
  var rowsLieInTuples: Bool {
    guard let tuple, stage.isSideBySide(tuple.row, along: tuple.axis, blocksOf: tuple.width),
      let (operand, index, _) = stage.load(tuple.row)
    else { return false }
    return areWhole(tuple, of: operand, index)
  }

  /// Whether layouts with whole tuples serve. What fills up the last tuple may be anything: zeros of
  /// the other factor undo integers, but not NaN.
  func layoutsMayHold(_ tuple: ProductTuple) -> Bool { tuple.rest == 0 || !element.isFloat }

  /// Whether memory has numbers for whole tuples.
  private func areWhole(
    _ tuple: ProductTuple, of operand: OperandAccess, _ index: [IndexExpression]
  ) -> Bool {
    tuple.rest == 0
      || layoutsMayHold(tuple) && operand.isPadded(index, along: tuple.axis, to: tuple.width)
  }

  /// Whether whole vectors of tuples of the column factor, for blocks of so many columns, are read
  /// from where they lie.
  func columnsLieInTuples(blocksOf length: Int) -> Bool {
    guard let tuple, let (operand, index, guards) = stage.load(tuple.column),
      columnParts.count == 1 || columnsAreInBlocks, guards.isEmpty
    else { return false }
    let column = columns.axes.last!
    let (block, lane, number) = (1_000_001, 1_000_002, 1_000_003)
    let sizes = [lane: Dimension(length), number: Dimension(tuple.width)]
    let cut = operand.offset(index).substituting(
      axis: { axis in
        if axis == column { return .axis(block) * Dimension(length) + .axis(lane) }
        if axis == tuple.axis { return .axis(axis) * Dimension(tuple.width) + .axis(number) }
        return .axis(axis)
      }, scalar: { .scalar($0) }, extents: { sizes[$0] })
    return cut.coefficient(ofAxis: lane) == Dimension(tuple.width)
      && cut.coefficient(ofAxis: number) == 1
      && (cut - .axis(lane) * Dimension(tuple.width) - .axis(number)).axes
        .allSatisfy { $0 != lane && $0 != number }
      && ((columnParts.last!.extent.constant ?? 1) % length == 0
        || operand.isPadded(index, along: column, to: length))
      && areWhole(tuple, of: operand, index)
  }
}

extension OperandAccess {
  /// Whether the operand's memory is filled up to whole blocks of the axis that one loop indexes.
  func isPadded(_ index: [IndexExpression], along loop: Int, to length: Int) -> Bool {
    guard let axis = index.firstIndex(where: { $0.singleAxis == loop }), let layout else {
      return false
    }
    return layout.parts.contains { $0.axis == axis && $0.isInner && $0.block == length }
  }
}
