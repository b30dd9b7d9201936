import TenonGraph
import TenonTensor

/// Writes the loops of one stage over given ranges of its parallel axes.
struct StageWriter {
  let builder: KernelBuilder
  let stage: StageAnalysis
  let choice: VectorChoice
  let tiles: Dimension

  /// Vectors that are computed side by side, where there are enough.
  static let unrolling = 4

  var compute: Compute { stage.compute }

  /// The axis along which the lanes of `write` lie.
  var laneAxis: Int?
  /// Guards that are known to hold.
  var assumed: [Guard] = []
  /// Loads of the last program whose elements at the next index of an axis are brought near.
  var ahead: (loads: [ScalarID], axis: Int)?

  init(builder: KernelBuilder, stage: StageAnalysis, choice: VectorChoice, tiles: Dimension) {
    self.builder = builder
    self.stage = stage
    self.choice = choice
    self.tiles = tiles
  }

  /// The lanes of one piece of the stage: which variable they follow, how many there are, how many
  /// are real, and how many such vectors lie side by side.
  struct Lanes {
    var variable: Int?
    var lanes = 1
    var count: ValueIndex?
    var vectors = 1
  }

  func write(over ranges: [LoopRange], at place: AxisPlaces) {
    guard case .parallel(let lanes) = choice, let last = ranges.last else {
      return loops(ranges[...], at: place, in: builder) { writePoint(at: $0, Lanes()) }
    }
    loops(ranges.dropLast()[...], at: place, in: builder) { place in
      let axis = last.loop.axes.last!
      var writer = self
      writer.laneAxis = axis
      let unrolling = compute.reduction == nil ? 1 : Self.unrolling
      builder.vectorLoop(last, lanes: lanes, unrolling: unrolling) { variable, vectors, count in
        var place = place
        place[axis] = variable
        writer.writePoint(
          at: place,
          Lanes(variable: variable.singleAxis, lanes: lanes, count: count, vectors: vectors))
      }
    }
  }

  /// The results at one index, or at the indices of the lanes; `loaded` holds loads of the last
  /// program whose values are known.
  func writePoint(
    at place: AxisPlaces, _ lanes: Lanes, loaded: [ScalarID: ValueIndex] = [:]
  ) {
    if let ahead {
      var next = place
      next[ahead.axis] = (place[ahead.axis] ?? IndexExpression(0)) + 1
      let lowering = lowering(compute.program, at: next, lanes)
      for load in ahead.loads { builder.prefetch(lowering.address(of: load), into: .first) }
    }
    let reduced = compute.reduction.map { ReductionWriter(self, $0).write(at: place, lanes) }
    forEachVector(lanes) { vector in
      writeResults(
        at: shifted(place, lanes, by: vector), lanes, reduced: (reduced ?? []).map { $0(vector) },
        loaded: loaded)
    }
  }

  /// The results at a place, where the combined values are known.
  func writeResults(
    at place: AxisPlaces, _ lanes: Lanes, reduced: [ValueIndex],
    loaded: [ScalarID: ValueIndex] = [:]
  ) {
    var lowering = lowering(compute.program, at: place, lanes)
    lowering.reduced = reduced
    lowering.loaded = loaded
    let values = lowering.lower(compute.results)
    let axes = compute.axes.indices.map { place[$0] ?? IndexExpression(0) }
    for (result, value) in zip(stage.results, values) {
      let offset = result.offset(axes).simplified { $0 == 0 ? tiles : builder.extent($0) }
      let wide = lanes.variable == nil ? value : builder.splat(value, lanes: lanes.lanes)
      builder.store(Address(result.memory, offset), wide, count: lanes.count)
    }
  }

  /// `body` for each of the vectors side by side, in an unrolled loop where there are several.
  func forEachVector(_ lanes: Lanes, _ body: (IndexExpression) -> Void) {
    if lanes.vectors == 1 { return body(IndexExpression(0)) }
    builder.loop(to: IndexExpression(Dimension(lanes.vectors)), kind: .unrolled) { vector in
      builder.bound(vector, below: Dimension(lanes.vectors))
      body(vector)
    }
  }

  /// The place of the vector with the number `vector` among those side by side.
  func shifted(_ place: AxisPlaces, _ lanes: Lanes, by vector: IndexExpression) -> AxisPlaces {
    guard let variable = lanes.variable, lanes.vectors > 1 else { return place }
    return place.mapValues {
      $0.coefficient(ofAxis: variable) == 0 ? $0 : $0 + vector * Dimension(lanes.lanes)
    }
  }

  func lowering(
    _ program: ScalarProgram, at place: AxisPlaces, _ lanes: Lanes
  ) -> ProgramLowering {
    var lowering = ProgramLowering(
      builder: builder, program: program, operands: stage.operands,
      axis: { place[$0] ?? IndexExpression(0) },
      extents: { $0 == 0 ? tiles : builder.extent($0) })
    lowering.vectorVariable = lanes.variable
    lowering.lanes = lanes.lanes
    lowering.count = lanes.count
    lowering.assumed = assumed
    return lowering
  }
}
