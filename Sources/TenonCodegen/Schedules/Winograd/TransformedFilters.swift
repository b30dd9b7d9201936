import TenonGraph
import TenonTensor

/// Filters of 3 x 3 numbers as Winograd's algorithm reads them: G g Gᵀ, 36 numbers each, the
/// filters of a panel of output channels side by side.
struct TransformedFilters {
  /// Sizes of the panels, points, input channels, and output channels of a panel.
  let sizes: [Int]

  init(_ shape: WinogradShape, _ blocks: WinogradBlocks) {
    sizes = [
      shape.outputChannels / blocks.block.columns, WinogradShape.points, shape.inputChannels,
      blocks.block.columns,
    ]
  }

  /// Points, input channels, output channels.
  var type: TensorType {
    TensorType(
      .f32, Shape([sizes[1], sizes[2], sizes[0] * sizes[3]].map { Dimension($0) }),
      layout: Layout([
        Layout.Part(axis: 2, block: sizes[3]), Layout.Part(axis: 0), Layout.Part(axis: 1),
        Layout.Part(axis: 2, block: sizes[3], isInner: true),
      ]))
  }

  /// Which axes of plain filters are what.
  struct Axes: Hashable {
    var output: Int
    var input: Int
    var row: Int
    var column: Int
  }

  /// The kernel that makes them of plain filters.
  func copy(of filters: TensorType, _ axes: Axes) -> KernelGroup {
    let sizes = sizes.map { Dimension($0) }
    let extents: (Int) -> Dimension? = { $0 < 4 ? sizes[$0] : 3 }
    var index = [IndexExpression](repeating: IndexExpression(0), count: 4)
    index[axes.output] = .axis(0) * sizes[3] + .axis(3)
    index[axes.input] = .axis(2)
    (index[axes.row], index[axes.column]) = (.axis(4), .axis(5))
    let point = IndexExpression.axis(1)
    let side = Dimension(WinogradShape.inputs)
    // In f64, so that a number is rounded once.
    var compute = Compute.contraction(axes: sizes, over: [3, 3], element: .f64) { program in
      let row = Self.coefficient(
        &program, point.floorDivided(by: side, extents: extents), .axis(4))
      let column = Self.coefficient(
        &program, point.remainder(by: side, extents: extents), .axis(5))
      return (program.binary(.multiply, row, column), program.load(0, .f32, index))
    }
    compute.results = [compute.program.convert(compute.results[0], to: .f32)]
    return KernelGroup(
      inputs: [filters], outputs: [TensorType(.f32, Shape(sizes))],
      body: .single(.compute(compute))
    ).staged
  }

  /// G: what is multiplied with number `tap` of a filter's row for point `point`.
  private static func coefficient(
    _ program: inout ScalarProgram, _ point: IndexExpression, _ tap: IndexExpression
  ) -> ScalarID {
    // In sixths; r is √2.
    let root = 2.0.squareRoot()
    let columns: [[Double]] = [
      [6, -4, -4, 1, 1, 0], [0, -2 * root, 2 * root, root, -root, 0], [0, -2, -2, 2, 2, 6],
    ]
    func chosen(_ index: ScalarID, _ values: [ScalarID]) -> ScalarID {
      var result = values[values.count - 1]
      for (number, value) in values.enumerated().dropLast().reversed() where value != result {
        let bound = program.add(.integer(Int64(number)), .i64)
        result = program.select(program.compare(.lessOrEqual, index, bound), value, result)
      }
      return result
    }
    let (point, tap) = (
      program.add(.index(point), .i64), program.add(.index(tap), .i64)
    )
    return chosen(
      tap,
      columns.map { column in
        chosen(point, column.map { program.constant($0 / 6, .f64) })
      })
  }

  /// A convolution's program with plain filters' element computed back from transformed ones: the
  /// numbers of a filter are u₀, √9/8 (u₂ - u₁) and u₅ of its transform's, along both sides.
  static func reading(
    _ reduction: Compute.Reduction, _ shape: WinogradShape, _ axes: Axes
  ) -> Compute.Reduction {
    var program = ScalarProgram()
    let factor = reduction.program[shape.inputFactor]
    var input = ScalarID(0)
    if case .load(let operand, let index, let guards, let fill) = factor {
      input = program.add(
        .load(
          operand: operand, index, guards: guards,
          fill: fill.map { program.add(reduction.program[$0], reduction.program.type($0)) }), .f32)
    }
    func steps(_ values: (Int) -> ScalarID, _ tap: Int) -> ScalarID {
      let index = program.add(.index(.axis(tap)), .i64)
      let difference = program.binary(.subtract, values(2), values(1))
      let factor = program.constant(Double(Float(1.125.squareRoot())), .f32)
      let second = program.binary(.multiply, factor, difference)
      let isFirst = program.compare(.equal, index, program.add(.integer(0), .i64))
      let isSecond = program.compare(.equal, index, program.add(.integer(1), .i64))
      return program.select(isFirst, values(0), program.select(isSecond, second, values(5)))
    }
    let filter = steps(
      { row in
        steps(
          { column in
            program.load(
              shape.filters, .f32,
              [
                IndexExpression(Dimension(row * WinogradShape.inputs + column)),
                shape.filterIndex[axes.input], shape.filterIndex[axes.output],
              ])
          }, WinogradShape.windowColumn)
      }, WinogradShape.windowRow)
    var result = reduction
    result.values = [program.binary(.multiply, input, filter)]
    result.initial = [program.constant(0, .f32)]
    result.program = program
    return result
  }
}

extension Scheduler {
  /// The filters of a group that may be computed by Winograd's algorithm, transformed; nil for
  /// other groups and where they may change.
  package func transformedOperand(_ group: KernelGroup, mayChange: [Bool]) -> TransformedOperand? {
    guard case .stages(var stages) = group.staged.body, stages.count == 1,
      let reduction = stages[0].compute.reduction, reduction.allowsWinograd,
      let shape = WinogradShape(GroupAnalysis(group, stages).stages[0], target: target),
      case .input(let input) = stages[0].operands[shape.filters], mayChange[input],
      group.inputs[input].layout == nil, group.inputs[input].rank == 4,
      case .load = reduction.program[shape.filterFactor],
      let axes = TransformedFilters.Axes(shape.filterIndex)
    else { return nil }
    let filters = TransformedFilters(shape, WinogradBlocks(shape, target: target))
    stages[0].compute.reduction = TransformedFilters.reading(reduction, shape, axes)
    var changed = group
    changed.inputs[input] = filters.type
    changed.body = .stages(stages)
    return TransformedOperand(
      input: input, copy: filters.copy(of: group.inputs[input], axes), group: changed)
  }
}

extension KernelGroup {
  /// Whether it is a convolution by Winograd's algorithm.
  package var readsTransformedFilters: Bool {
    guard case .stages(let stages) = body, stages.count == 1,
      stages[0].compute.reduction?.allowsWinograd == true
    else { return false }
    return inputs.contains {
      $0.layout != nil && $0.rank == 3 && $0.shape[0] == Dimension(WinogradShape.points)
    }
  }
}

extension TransformedFilters.Axes {
  /// Nil where the filters are not indexed by one axis each.
  fileprivate init?(_ index: [IndexExpression]) {
    func place(_ axes: Int...) -> Int? {
      let found = index.indices.filter { place in
        index[place].axes.contains(where: axes.contains)
      }
      return found.count == 1 ? found[0] : nil
    }
    guard let output = place(WinogradShape.outputBlock, WinogradShape.outputLane),
      let input = place(WinogradShape.inputBlock, WinogradShape.inputLane),
      let row = place(WinogradShape.windowRow), let column = place(WinogradShape.windowColumn),
      Set([output, input, row, column]).count == 4,
      index[row].singleAxis == WinogradShape.windowRow,
      index[column].singleAxis == WinogradShape.windowColumn
    else { return nil }
    self.init(output: output, input: input, row: row, column: column)
  }
}
