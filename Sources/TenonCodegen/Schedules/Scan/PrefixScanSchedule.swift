import TenonGraph
import TenonTensor

/// Running combination along one axis, the elements of each row one after the other.
///
/// Where rows lie side by side they are combined in vectors, all rows of a tile for one index of
/// the axis and then the next, with what is so far in scratch memory. Else a few rows are combined
/// at a time, each in a register.
struct PrefixScanSchedule {
  let group: KernelGroup
  let scan: PrefixScan
  let target: Target
  let tileWork: Int

  /// Rows combined at a time where they do not lie side by side.
  static let rowsAtOnce = 4
  /// How many neighbouring rows a tile has: enough to read memory in long pieces, and few enough
  /// that their state stays in the first cache.
  static let neighbours = 1024...2048

  private var count: Int { group.outputs.count }
  private var shape: Shape { group.outputs[0].shape }

  func schedule(parameters: [Symbol]) -> ScheduledKernel {
    let builder = KernelBuilder(
      parameters: parameters,
      buffers: group.buffers())
    // Which loops there are does not depend on where the state lies.
    let sketch = analysis(at: IndexExpression(0)) { _ in
      OperandAccess(memory: .scratch(0), element: .f32) { $0.last ?? IndexExpression(0) }
    }
    let rows = IndexSet.loops(
      shape.indices.filter { $0 != scan.axis }.map { ($0, shape[$0]) }, in: [accesses(sketch)])
    var choice = VectorChoice.scalar
    if let last = rows.last, last.bound > 1, last.axes.last! > scan.axis {
      choice = VectorChoice(accessing(sketch), parallel: last, target: target)
    }
    let length = max(1, shape[scan.axis].upperBound ?? 1)
    let work = sketch.compute.program.cost + 2 * count + 2
    var grid = TileGrid(
      rows, cost: Dimension.saturatingProduct(length, work) / choice.lanes, work: tileWork,
      multiple: choice.lanes)
    if choice.lanes > 1, let last = grid.axes.last {
      let limits = Self.neighbours
      let rows = min(
        max(last.block ?? last.loop.bound, min(limits.lowerBound, tileWork)), limits.upperBound)
      grid.axes[grid.axes.count - 1].block = rows < last.loop.bound ? rows : nil
    }
    let ranges = grid.ranges(of: .axis(0), in: builder)
    if choice.lanes > 1, let last = ranges.last {
      writeSideBySide(ranges.dropLast(), last, choice, grid, builder)
    } else {
      writeRows(ranges, grid, builder)
    }
    return ScheduledKernel(
      kernel: builder.finish(tiles: grid.tiles), description: "scan; \(grid); \(choice)",
      hasUniformTiles: grid.isUniform)
  }

  // MARK: What one step computes

  /// The type that a running value of output `number` has: wider than the element where the
  /// rounding of many steps would add up.
  private func state(_ number: Int) -> ElementType {
    let element = group.outputs[number].element
    switch scan.combiner {
    case .program: return element
    case .sum, .product: return element.isFloat ? .f64 : element
    default: return element.computeType
    }
  }

  /// What is so far combined with the next elements; results are the new state and then the
  /// outputs. `.parameter(j)` is the state, operand j the input.
  private var step: (program: ScalarProgram, results: [ScalarID]) {
    var program = ScalarProgram()
    let place = shape.indices.map { IndexExpression.axis($0) }
    let sofar = (0..<count).map { program.add(.parameter($0), state($0)) }
    let next = (0..<count).map { number in
      let element = program.load(number, group.inputs[number].element, place)
      return program.convert(element, to: state(number))
    }
    let combined = program.combined(scan.combiner, sofar, next)
    let written = (scan.isExclusive ? sofar : combined).enumerated().map {
      program.convert($1, to: group.outputs[$0].element)
    }
    return (program, combined + written)
  }

  private func access(_ buffer: Int, _ type: TensorType, at index: IndexExpression)
    -> OperandAccess
  {
    OperandAccess(memory: .buffer(buffer), element: type.element) { place in
      var place = place
      place[scan.axis] = index
      return type.offset(place)
    }
  }

  /// One step at an index of the axis, over the other axes; the state is read and written through
  /// memory.
  private func analysis(
    at index: IndexExpression, state access: (Int) -> OperandAccess
  ) -> StageAnalysis {
    let step = step
    var program = ScalarProgram()
    let place = shape.indices.map { IndexExpression.axis($0) }
    let sofar = (0..<count).map { program.load(count + $0, state($0), place) }
    let loads = (0..<count).map { program.load($0, group.inputs[$0].element, place) }
    let results = program.append(
      step.program, parameters: sofar, loads: loads, wanted: step.results)
    return StageAnalysis(
      Compute(axes: shape.dimensions, program: program, results: results), sharedAxes: shape.rank,
      operands: (0..<count).map { self.access($0, group.inputs[$0], at: index) }
        + (0..<count).map(access),
      results: (0..<count).map(access)
        + (0..<count).map { self.access(group.inputs.count + $0, group.outputs[$0], at: index) })
  }

  /// The analysis without the state.
  private func accessing(_ sketch: StageAnalysis) -> StageAnalysis {
    StageAnalysis(
      Compute(
        axes: shape.dimensions, program: sketch.compute.program,
        results: Array(sketch.compute.results.dropFirst(count))), sharedAxes: shape.rank,
      operands: sketch.operands, results: Array(sketch.results.dropFirst(count)))
  }

  /// The offsets of inputs and outputs.
  private func accesses(_ sketch: StageAnalysis) -> IndexSet {
    let place = shape.indices.map { IndexExpression.axis($0) }
    let all = sketch.operands.prefix(count) + sketch.results.suffix(count)
    return IndexSet(offsets: all.map { $0.offset(place) }, others: [])
  }

  /// The index of the axis in a step.
  private func index(_ step: IndexExpression) -> IndexExpression {
    scan.isReversed ? IndexExpression(shape[scan.axis] - 1) - step : step
  }

  // MARK: Rows side by side

  private func writeSideBySide(
    _ outer: ArraySlice<LoopRange>, _ rows: LoopRange, _ choice: VectorChoice, _ grid: TileGrid,
    _ builder: KernelBuilder
  ) {
    let room = grid.axes.last?.block ?? rows.loop.bound
    let memory = (0..<count).map { builder.scratch(state($0), count: room) }
    let axis = rows.loop.axes.last!
    let tiles = grid.tiles
    func sofar(_ number: Int) -> OperandAccess {
      OperandAccess(memory: memory[number], element: state(number)) { $0[axis] - rows.lower }
    }
    loops(outer, at: [:], in: builder) { place in
      var first = ScalarProgram()
      let initial = (0..<count).map { number in
        let element = first.load(number, group.inputs[count + number].element, [])
        return first.convert(element, to: state(number))
      }
      let start = StageAnalysis(
        Compute(axes: shape.dimensions, program: first, results: initial), sharedAxes: shape.rank,
        operands: (0..<count).map { number in
          let type = group.inputs[count + number]
          return OperandAccess(memory: .buffer(count + number), element: type.element) {
            type.offset($0)
          }
        }, results: (0..<count).map(sofar))
      StageWriter(builder: builder, stage: start, choice: choice, tiles: tiles)
        .write(over: [rows], at: place)
      builder.loop(to: IndexExpression(shape[scan.axis])) { step in
        builder.bound(step, below: shape[scan.axis])
        let stage = analysis(at: index(step), state: sofar)
        StageWriter(builder: builder, stage: stage, choice: choice, tiles: tiles)
          .write(over: [rows], at: place)
      }
    }
  }

  // MARK: Row by row

  private func writeRows(_ ranges: [LoopRange], _ grid: TileGrid, _ builder: KernelBuilder) {
    let step = step
    let stage = StageAnalysis(
      Compute(axes: shape.dimensions, program: step.program, results: step.results),
      sharedAxes: shape.rank,
      operands: (0..<group.inputs.count).map { number in
        let type = group.inputs[number]
        return OperandAccess(memory: .buffer(number), element: type.element) { type.offset($0) }
      }, results: [])
    let writer = StageWriter(builder: builder, stage: stage, choice: .scalar, tiles: grid.tiles)
    guard let last = ranges.last else {
      return writeRows(1, at: { _ in [:] }, writer)
    }
    loops(ranges.dropLast()[...], at: [:], in: builder) { place in
      builder.vectorLoop(last, lanes: 1, unrolling: Self.rowsAtOnce) { variable, rows, _ in
        writeRows(
          rows,
          at: { row in
            var place = place
            place[last.loop.axes.last!] = variable + row
            return place
          }, writer)
      }
    }
  }

  /// So many rows, the steps of all in turn.
  private func writeRows(
    _ rows: Int, at place: (IndexExpression) -> AxisPlaces, _ writer: StageWriter
  ) {
    let builder = writer.builder
    let states = (0..<count).map {
      builder.register(LaneType(state($0)), extents: rows > 1 ? [rows] : [])
    }
    func each(_ body: (IndexExpression, (Int) -> RegisterPlace) -> Void) {
      writer.forEachVector(StageWriter.Lanes(vectors: rows)) { row in
        body(row) { RegisterPlace(states[$0], rows > 1 ? [row] : []) }
      }
    }
    var first = ScalarProgram()
    let initial = (0..<count).map { number in
      let element = first.load(count + number, group.inputs[count + number].element, [])
      return first.convert(element, to: state(number))
    }
    each { row, register in
      var lowering = writer.lowering(first, at: place(row), StageWriter.Lanes())
      for (number, value) in lowering.lower(initial).enumerated() {
        builder.set(register(number), value)
      }
    }
    builder.loop(to: IndexExpression(shape[scan.axis])) { step in
      builder.bound(step, below: shape[scan.axis])
      each { row, register in
        var here = place(row)
        here[scan.axis] = index(step)
        var lowering = writer.lowering(writer.compute.program, at: here, StageWriter.Lanes())
        lowering.parameters = (0..<count).map { builder.read(register($0)) }
        let values = lowering.lower(writer.compute.results)
        let indices = shape.indices.map { here[$0] ?? IndexExpression(0) }
        for number in 0..<count {
          let offset = group.outputs[number].offset(indices).simplified { builder.extent($0) }
          builder.store(
            Address(.buffer(group.inputs.count + number), offset), values[count + number])
        }
        for number in 0..<count { builder.set(register(number), values[number]) }
      }
    }
  }
}
