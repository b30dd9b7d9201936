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
        copy(access(.buffer(number), number), to: access(resultMemory(number), number), ranges)
      }
    }
    updateAll(ranges) { indices in
      let base = IndexExpression.scalar(builder.index(group.outputs[0].offset(indices)))
      return schedule.results(at: base)
    }
  }

  /// Reads the tile's part into scratch memory of a wider type, and writes it out at the end.
  func write(through part: WidePart) {
    let ranges = grid.ranges(of: .axis(0), in: builder)
    let wide = group.outputs.map { $0.element.computeType }
    let memory = wide.map { builder.scratch($0, count: part.count) }
    func inside(_ number: Int, _ ranges: [LoopRange]) -> OperandAccess {
      OperandAccess(memory: memory[number], element: wide[number]) {
        part.offset($0, from: ranges)
      }
    }
    for number in 0..<scatter.count {
      let input = access(.buffer(number), number)
      copy(input, to: inside(number, ranges), ranges, like: (input, inside(number, [])))
    }
    updateAll(ranges) { indices in
      let base = IndexExpression.scalar(builder.index(part.offset(indices, from: ranges)))
      return memory.indices.map { number in
        OperandAccess(memory: memory[number], element: wide[number]) {
          part.offset($0, from: []) + base
        }
      }
    }
    for number in 0..<scatter.count {
      let output = access(resultMemory(number), number)
      copy(inside(number, ranges), to: output, ranges, like: (inside(number, []), output))
    }
  }

  private func resultMemory(_ number: Int) -> Memory { .buffer(group.inputs.count + number) }

  /// A whole destination.
  private func access(_ memory: Memory, _ number: Int) -> OperandAccess {
    let type = group.outputs[number]
    return OperandAccess(memory: memory, element: type.element) { type.offset($0) }
  }

  /// All updates of the tile; `results` says where the chosen part of each destination lies.
  private func updateAll(
    _ ranges: [LoopRange], _ results: @escaping ([IndexExpression]) -> [OperandAccess]
  ) {
    let outer = ranges.filter { isFree($0) && choosesPlace($0) }
    let inner = ranges.filter { isFree($0) && !choosesPlace($0) }
    let own = ranges.first { !isFree($0) }
    let ordered = shape.orderedLoops.map { LoopRange($0) }
    loops((outer + ordered)[...], at: [:], in: builder) { place in
      update(at: place, over: inner, within: own, results)
    }
  }

  private func isFree(_ range: LoopRange) -> Bool { shape.isFree[range.loop.axes.last!] }

  private func choosesPlace(_ range: LoopRange) -> Bool {
    let number = shape.freeLoops.firstIndex(of: range.loop)!
    return shape.choosesPlace[number]
  }

  /// The tile's part of one destination, converted where the types differ. `like` is what loops are
  /// made for, where offsets hold more than axes.
  private func copy(
    _ source: OperandAccess, to target: OperandAccess, _ ranges: [LoopRange],
    like sketch: (OperandAccess, OperandAccess)? = nil
  ) {
    var program = ScalarProgram()
    let loaded = program.load(
      0, source.element, scatter.bounds.indices.map { IndexExpression.axis($0) })
    let value = program.convert(loaded, to: target.element)
    func stage(_ accesses: (OperandAccess, OperandAccess)) -> StageAnalysis {
      StageAnalysis(
        Compute(axes: scatter.bounds, program: program, results: [value]),
        sharedAxes: shape.rank, operands: [accesses.0], results: [accesses.1])
    }
    let like = stage(sketch ?? (source, target))
    // The tile's ranges in the order of the axes, whole loops over the axes between them.
    var all: [LoopRange] = []
    var between: [(Int, Dimension)] = []
    func finishBetween() {
      all += IndexSet.loops(between, in: [like.indices]).map { LoopRange($0) }
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
      builder: builder, stage: stage((source, target)),
      choice: VectorChoice(like, parallel: all.last?.loop, target: schedule.target),
      tiles: grid.tiles
    ).write(over: all, at: [:])
  }

  /// The updates at one index of the loops that choose a place, over the loops that do not.
  private func update(
    at place: AxisPlaces, over inner: [LoopRange], within own: LoopRange?,
    _ results: @escaping ([IndexExpression]) -> [OperandAccess]
  ) {
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
      let results = results(indices)
      let stage = StageAnalysis(
        compute, sharedAxes: shape.rank,
        operands: results + schedule.updates(shape, at: .scalar(builder.index(updates))),
        results: results)
      StageWriter(builder: builder, stage: stage, choice: choice, tiles: grid.tiles)
        .write(over: inner, at: [:])
    }
  }
}
