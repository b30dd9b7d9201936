import TenonGraph
import TenonTensor

/// Writes the loops of a scatter.
struct ScatterWriter {
  let schedule: ScatterSchedule
  let shape: ScatterShape
  let builder: KernelBuilder
  let compute: Compute
  let choice: VectorChoice
  let grid: TileGrid

  private var scatter: Scatter { schedule.scatter }
  private var group: KernelGroup { schedule.group }

  func write() {
    let ranges = grid.ranges(of: .axis(0), in: builder)
    for number in 0..<scatter.count {
      let copied = builder.define(
        .isSameMemory(number, group.inputs.count + number), LaneType(.bool))
      builder.conditional(copied) {
      } otherwise: {
        copy(number, ranges)
      }
    }
    let outer = ranges.filter { isFree($0) && choosesPlace($0) }
    let inner = ranges.filter { isFree($0) && !choosesPlace($0) }
    let own = ranges.first { !isFree($0) }
    let ordered = shape.orderedLoops.map { LoopRange($0) }
    loops((outer + ordered)[...], at: [:], in: builder) { place in
      update(at: place, over: inner, within: own)
    }
  }

  private func isFree(_ range: LoopRange) -> Bool { shape.isFree[range.loop.axes.last!] }

  private func choosesPlace(_ range: LoopRange) -> Bool {
    let number = shape.freeLoops.firstIndex(of: range.loop)!
    return shape.choosesPlace[number]
  }

  /// The tile's part of one destination.
  private func copy(_ number: Int, _ ranges: [LoopRange]) {
    let type = group.inputs[number]
    let whole = type.shape.indices.map { IndexExpression.axis($0) }
    var program = ScalarProgram()
    let value = program.load(0, type.element, whole)
    let output = group.inputs.count + number
    func access(_ buffer: Int) -> OperandAccess {
      OperandAccess(memory: .buffer(buffer), element: type.element) { type.offset($0) }
    }
    let stage = StageAnalysis(
      Compute(axes: scatter.bounds, program: program, results: [value]), sharedAxes: shape.rank,
      operands: [access(number)], results: [access(output)])
    // The tile's ranges in the order of the axes, whole loops over the axes between them.
    var all: [LoopRange] = []
    var between: [(Int, Dimension)] = []
    func finishBetween() {
      all += IndexSet.loops(between, in: [stage.indices]).map { LoopRange($0) }
      between = []
    }
    let cut = Set(ranges.flatMap(\.loop.axes))
    for axis in 0..<shape.rank {
      if let range = ranges.first(where: { $0.loop.axes.last == axis }) {
        finishBetween()
        all.append(range)
      } else if !cut.contains(axis) {
        between.append((axis, scatter.bounds[axis]))
      }
    }
    finishBetween()
    StageWriter(
      builder: builder, stage: stage,
      choice: VectorChoice(stage, parallel: all.last?.loop, target: schedule.target),
      tiles: grid.tiles
    ).write(over: all, at: [:])
  }

  /// The updates at one index of the loops that choose a place, over the loops that do not.
  private func update(at place: AxisPlaces, over inner: [LoopRange], within own: LoopRange?) {
    func axis(_ number: Int) -> IndexExpression { place[number] ?? IndexExpression(0) }
    let operands = group.inputs.enumerated().map { number, type in
      OperandAccess(memory: .buffer(number), element: type.element) { type.offset($0) }
    }
    var program = scatter.program
    var guards: [Guard] = []
    var chosen: [ScalarID?] = []
    for number in 0..<shape.rank {
      guard !shape.isFree[number] else {
        chosen.append(nil)
        continue
      }
      let target = scatter.target[number]
      chosen.append(program.add(.index(target), .i64))
      if own?.loop.axes.last != number { guards.append(.within(target, scatter.bounds[number])) }
    }
    let inside = program.add(.holds(guards), .bool)
    var lowering = ProgramLowering(
      builder: builder, program: program, operands: operands,
      axis: { axis(shape.number[$0]) },
      extents: { $0 == 0 ? grid.tiles : builder.extent($0) })
    let values = lowering.lower(chosen.compactMap { $0 } + [inside])
    var holds = values[values.count - 1]
    var next = 0
    let indices = chosen.enumerated().map { number, scalar -> IndexExpression in
      guard scalar != nil else { return axis(number) }
      defer { next += 1 }
      return .scalar(values[next])
    }
    if let own {
      let value = builder.index(indices[own.loop.axes.last!])
      for (comparison, limit) in [(Comparison.greaterOrEqual, own.lower), (.less, own.upper)] {
        let isOn = builder.define(
          .compare(comparison, value, builder.index(limit)), LaneType(.bool))
        holds = builder.binary(.and, holds, isOn)
      }
    }
    builder.conditional(holds) {
      let updates = group.inputs[scatter.count + 1].offset(shape.number.map(axis))
      let base = (
        destination: IndexExpression.scalar(builder.index(group.outputs[0].offset(indices))),
        update: IndexExpression.scalar(builder.index(updates))
      )
      let stage = StageAnalysis(
        compute, sharedAxes: shape.rank, operands: schedule.accesses(shape, at: base),
        results: schedule.results(at: base.destination))
      StageWriter(builder: builder, stage: stage, choice: choice, tiles: grid.tiles)
        .write(over: inner, at: [:])
    }
  }
}
