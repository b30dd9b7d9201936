import TenonGraph
import TenonTensor

/// Writes the copy of a contraction's column factor that a tile reads: for each step of depth, the
/// panel's columns side by side.
struct PanelWriter {
  let writer: ContractionWriter
  let columns: ContractionWriter.Columns
  var builder: KernelBuilder { writer.builder }
  var block: RegisterBlock { writer.block }

  /// A panel in scratch memory.
  struct Packed {
    var memory: Memory
    var ranges: [LoopRange]
    var block: RegisterBlock
    /// Numbers of one column at a step of depth.
    var width: Int

    /// Where a vector of the panel begins at a step of depth.
    func address(_ place: AxisPlaces, _ vector: Int) -> Address {
      var step = IndexExpression(0)
      for (number, range) in ranges.enumerated() {
        // A block of the first loop counts from its first index.
        let extent = number == 0 ? Dimension(0) : range.loop.extent
        let index = place[range.loop.axes.last!] ?? IndexExpression(0)
        step = step * extent + index - range.lower
      }
      return Address(
        memory, step * Dimension(block.columns * width) + Dimension(vector * block.lanes * width))
    }
  }

  /// The panel's copy for some depth; nil where it is read in place.
  func pack(_ ranges: [LoopRange]) -> Packed? {
    guard writer.schedule.panel != .direct else { return nil }
    var depth = ranges.dropFirst().reduce(1) {
      Dimension.saturatingProduct($0, $1.loop.bound)
    }
    depth = Dimension.saturatingProduct(
      depth, writer.schedule.depthBlock ?? ranges[0].loop.bound)
    let width = writer.shape.width
    let memory = builder.scratch(
      writer.shape.columnElement,
      count: Dimension.saturatingProduct(depth, block.columns * width), sharedAs: "panel")
    let packed = Packed(memory: memory, ranges: ranges, block: block, width: width)
    if let tuple = writer.shape.tuple {
      loops(outermostGuards(ranges)[...], at: writer.outer, in: builder) { place in
        guard tuple.rest > 0 else { return copy(at: place, packed, tuple, tuple.width) }
        let isWhole = writer.isLess(place[tuple.axis]!, IndexExpression(Dimension(tuple.count - 1)))
        builder.conditional(isWhole) {
          copy(at: place, packed, tuple, tuple.width)
        } otherwise: {
          copy(at: place, packed, tuple, tuple.rest)
        }
      }
    } else if writer.schedule.panel == .transposed, columns.known != nil {
      loops(ranges.dropLast()[...], at: writer.outer, in: builder) { place in
        transpose(ranges.last!, at: place, packed)
      }
    } else {
      loops(outermostGuards(ranges)[...], at: writer.outer, in: builder) { copy(at: $0, packed) }
    }
    return packed
  }

  /// The loops on which guards of the column factor depend first: what says which columns exist is
  /// then worked out once for all steps of the others.
  private func outermostGuards(_ ranges: [LoopRange]) -> [LoopRange] {
    let program = writer.shape.reduction.program
    var guarded: Set<Int> = []
    for (place, isNeeded) in program.needed(for: [writer.shape.columnFactor]).enumerated()
    where isNeeded {
      for condition in program.instructions[place].guards {
        guarded.formUnion(condition.expression.axes)
      }
    }
    func isGuarded(_ range: LoopRange) -> Bool { range.loop.axes.contains(where: guarded.contains) }
    return ranges.filter(isGuarded) + ranges.filter { !isGuarded($0) }
  }

  /// One step of depth.
  private func copy(at place: AxisPlaces, _ packed: Packed) {
    writer.withLanes { lane in
      for vector in 0..<columns.vectors {
        var lowering = writer.lowering(
          writer.shape.reduction.program, at: place, columns, vector, lane)
        let value = lowering.lowerWide([writer.shape.columnFactor])[0]
        builder.store(packed.address(place, vector), value)
      }
    }
  }

  /// One step of depth in tuples, of which so many numbers are real.
  private func copy(
    at place: AxisPlaces, _ packed: Packed, _ tuple: ProductTuple, _ count: Int
  ) {
    let type = LaneType(writer.shape.columnElement, lanes: block.lanes)
    writer.withLanes { lane in
      for vector in 0..<columns.vectors {
        var lines = (0..<tuple.width).map { number -> ValueIndex in
          guard number < count else {
            return builder.splat(writer.zero(type.element), lanes: block.lanes)
          }
          var lowering = writer.lowering(
            writer.shape.reduction.program,
            at: tuple.place(place, IndexExpression(Dimension(number))), columns, vector, lane)
          return lowering.lowerWide([writer.shape.columnFactor])[0]
        }
        var stage = 1
        while stage < tuple.width {
          lines = interleaved(lines, type)
          stage *= 2
        }
        let target = packed.address(place, vector)
        for (number, line) in lines.enumerated() {
          let offset = target.offset + Dimension(number * block.lanes)
          builder.store(Address(target.memory, offset), line)
        }
      }
    }
  }

  /// The first half of some vectors interleaved with the second.
  private func interleaved(_ lines: [ValueIndex], _ type: LaneType) -> [ValueIndex] {
    (0..<lines.count / 2).flatMap { number in
      [false, true].map { upper in
        builder.define(
          .interleave(lines[number], lines[number + lines.count / 2], upper: upper), type)
      }
    }
  }

  /// Squares of depth by columns turned over; what is left of the depth step by step.
  private func transpose(_ range: LoopRange, at place: AxisPlaces, _ packed: Packed) {
    let axis = range.loop.axes.last!
    let end = range.lower + builder.wholeSteps(range.upper - range.lower, block.lanes)
    builder.loop(from: range.lower, to: end, step: block.lanes) { index in
      builder.bound(index, below: range.loop.extent)
      for vector in 0..<columns.vectors {
        square(index, axis, at: place, vector, packed)
      }
    }
    builder.loop(from: end, to: range.upper) { index in
      builder.bound(index, below: range.loop.extent)
      var place = place
      place[axis] = index
      copy(at: place, packed)
    }
  }

  private func square(
    _ index: IndexExpression, _ axis: Int, at place: AxisPlaces, _ vector: Int, _ packed: Packed
  ) {
    let lanes = block.lanes
    let zero = builder.splat(writer.zero(writer.shape.element), lanes: lanes)
    var place = place
    place[axis] = index
    var lines = (0..<lanes).map { column -> ValueIndex in
      guard column < columns.known![vector] else { return zero }
      let place = writer.setColumn(
        columns.panel * Dimension(block.columns) + Dimension(vector * lanes + column), in: place)
      var lowering = writer.lowering(writer.shape.reduction.program, at: place)
      lowering.vectorVariable = index.singleAxis
      lowering.lanes = lanes
      return lowering.lowerWide([writer.shape.columnFactor])[0]
    }
    // Halves interleaved as often as 2 divides the number of lanes.
    var stage = 1
    while stage < lanes {
      lines = interleaved(lines, writer.vectorType)
      stage *= 2
    }
    for (number, line) in lines.enumerated() {
      place[axis] = index + Dimension(number)
      builder.store(packed.address(place, vector), line)
    }
  }
}
