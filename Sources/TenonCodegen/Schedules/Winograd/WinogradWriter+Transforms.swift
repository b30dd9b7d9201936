import TenonGraph
import TenonTensor

// Inputs of a tile into points, and points into results.
extension WinogradWriter {
  /// Bᵀ d B of a tile's inputs, for all channels.
  func transformInputs(_ tile: Tile) {
    let program = shape.stage.compute.reduction!.program
    let blocks = Dimension(shape.inputChannels / lanes)
    guard case .load(_, _, let guards, _) = program[shape.inputFactor] else {
      preconditionFailure("internal: inputs are no load")
    }
    func place(_ row: Int, _ column: Int) -> AxisPlaces {
      var place = tile.place
      place[WinogradShape.windowRow] = IndexExpression(Dimension(row))
      place[WinogradShape.windowColumn] = IndexExpression(Dimension(column))
      return place
    }
    // Of places in a rectangle, two corners say whether all exist.
    var isInside: ValueIndex?
    for corner in [0, WinogradShape.inputs - 1] {
      let lowering = lowering(program, at: place(corner, corner), lane: .axis(0))
      guard let holds = lowering.condition(guards) else { continue }
      isInside = isInside.map { builder.binary(.and, $0, holds) } ?? holds
    }
    func write(assumed: [Guard]) {
      builder.loop(to: IndexExpression(blocks)) { channels in
        builder.bound(channels, below: blocks)
        withLanes { lane in
          let numbers = (0..<WinogradShape.inputs).map { column in
            inputTransform(
              (0..<WinogradShape.inputs).map { row in
                var place = place(row, column)
                place[WinogradShape.inputBlock] = channels
                place[WinogradShape.inputLane] = lane
                var lowering = lowering(program, at: place, lane: lane)
                lowering.assumed = assumed
                return lowering.lowerWide([shape.inputFactor])[0]
              })
          }
          for row in 0..<WinogradShape.inputs {
            let points = inputTransform(numbers.map { $0[row] })
            for (column, value) in points.enumerated() {
              let point = IndexExpression(Dimension(row * WinogradShape.inputs + column))
              builder.store(
                inputAddress(point, tile.number, channels * Dimension(lanes)), value)
            }
          }
        }
      }
    }
    guard let isInside else { return write(assumed: guards) }
    builder.conditional(isInside) {
      write(assumed: guards)
    } otherwise: {
      write(assumed: [])
    }
  }

  /// Aᵀ m A of a tile's products with a panel, what follows the sums, and the stores.
  func finish(_ tile: Tile, _ panel: IndexExpression) {
    let (side, columns) = (WinogradShape.results, Dimension(block.columns))
    for vector in 0..<block.vectors {
      let numbers = (0..<WinogradShape.inputs).map { column in
        resultTransform(
          (0..<WinogradShape.inputs).map { row in
            let point = IndexExpression(Dimension(row * WinogradShape.inputs + column))
            return load(productAddress(point, tile.number, vector))
          })
      }
      for row in 0..<side {
        for (column, value) in resultTransform(numbers.map { $0[row] }).enumerated() {
          let number = Dimension(row * side + column) * columns + Dimension(vector * lanes)
          builder.store(Address(sums, IndexExpression(number)), value)
        }
      }
    }
    func loop(_ axis: Int, _ body: (IndexExpression) -> Void) {
      let extent = shape.stage.compute.axes[axis]
      let isWhole = extent.constant! % side == 0
      let left = IndexExpression(extent) - tile.place[axis]!
      builder.loop(
        to: isWhole
          ? IndexExpression(Dimension(side))
          : builder.minimum(left, IndexExpression(Dimension(side))),
        kind: isWhole && axis == WinogradShape.column ? .unrolled : .serial
      ) { number in
        builder.bound(number, below: Dimension(side))
        body(number)
      }
    }
    loop(WinogradShape.row) { row in
      loop(WinogradShape.column) { column in
        var place = tile.place
        place[WinogradShape.row] = place[WinogradShape.row]! + row
        place[WinogradShape.column] = place[WinogradShape.column]! + column
        for vector in 0..<block.vectors {
          let number = (row * Dimension(side) + column) * columns + Dimension(vector * lanes)
          place[WinogradShape.outputBlock] =
            panel * Dimension(block.vectors) + Dimension(vector)
          store(load(Address(sums, number)), at: place)
        }
      }
    }
  }

  /// The results that follow from a vector of sums.
  private func store(_ sum: ValueIndex, at place: AxisPlaces) {
    let compute = shape.stage.compute
    withLanes { lane in
      var place = place
      place[WinogradShape.outputLane] = lane
      var lowering = lowering(compute.program, at: place, lane: lane)
      lowering.reduced = [sum]
      let values = lowering.lowerWide(compute.results)
      let axes = compute.axes.indices.map { place[$0] ?? IndexExpression(0) }
      for (result, value) in zip(shape.stage.results, values) {
        let offset = result.offset(axes).simplified(extents).recombined
        builder.store(Address(result.memory, offset), value)
      }
    }
  }

  // MARK: Transforms of one side

  // For the points 0, ±√½, ±√2 and infinity, whose errors are a third of those for 0, ±1 and ±2.

  /// Bᵀ d, with r = √2:
  ///
  ///     1    0   -5/2   0    1    0
  ///     0   -r    -2   r/2   1    0
  ///     0    r    -2  -r/2   1    0
  ///     0  -r/2  -1/2   r    1    0
  ///     0   r/2  -1/2  -r    1    0
  ///     0    1     0  -5/2   0    1
  private func inputTransform(_ d: [ValueIndex]) -> [ValueIndex] {
    let root = 2.0.squareRoot()
    let (near, far) = (add(-2, d[2], d[4]), add(-0.5, d[2], d[4]))
    let (nearOdd, farOdd) = (add(-2, d[1], d[3]), add(-0.5, d[1], d[3]))
    return [
      add(-2.5, d[2], builder.binary(.add, d[0], d[4])),
      add(root / 2, nearOdd, near), add(-root / 2, nearOdd, near),
      add(root, farOdd, far), add(-root, farOdd, far),
      add(-2.5, d[3], builder.binary(.add, d[1], d[5])),
    ]
  }

  /// Aᵀ m, with r = √2:
  ///
  ///     1   1    1    1    1   0
  ///     0  r/2 -r/2   r   -r   0
  ///     0  1/2  1/2   2    2   0
  ///     0  r/4 -r/4  2r  -2r   1
  private func resultTransform(_ m: [ValueIndex]) -> [ValueIndex] {
    let root = 2.0.squareRoot()
    let (near, far) = (builder.binary(.add, m[1], m[2]), builder.binary(.add, m[3], m[4]))
    let nearOdd = builder.binary(.subtract, m[1], m[2])
    let farOdd = builder.binary(.subtract, m[3], m[4])
    return [
      builder.binary(.add, builder.binary(.add, m[0], near), far),
      builder.binary(.multiply, add(2, farOdd, nearOdd), splat(root / 2)),
      add(2, far, builder.binary(.multiply, splat(0.5), near)),
      add(root / 4, add(8, farOdd, nearOdd), m[5]),
    ]
  }

  /// `factor * a + b`.
  private func add(_ factor: Double, _ a: ValueIndex, _ b: ValueIndex) -> ValueIndex {
    builder.define(.multiplyAdd(splat(factor), a, b), vectorType)
  }

  private func splat(_ number: Double) -> ValueIndex {
    builder.splat(
      builder.define(.float(Double(Float(number))), LaneType(.f32)), lanes: lanes)
  }
}
