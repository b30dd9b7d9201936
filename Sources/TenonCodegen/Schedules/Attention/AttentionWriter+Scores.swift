import TenonGraph
import TenonTensor

// Keys turned over, scores of a piece of rows, and their exponentials.
extension AttentionWriter {
  /// Where a vector of a panel of keys lies at a step of depth.
  private func keyAddress(
    _ panel: IndexExpression, _ step: IndexExpression, _ vector: Int
  ) -> Address {
    Address(
      keys,
      panel * Dimension(depth * block.columns) + step * Dimension(block.columns)
        + Dimension(vector * lanes))
  }

  /// A loop over the panels of positions.
  private func forEachPanel(_ count: IndexExpression, _ body: (IndexExpression) -> Void) {
    let columns = Dimension(block.columns)
    if let size = count.constantValue?.constant {
      builder.loop(to: IndexExpression(Dimension((size + block.columns - 1) / block.columns))) {
        builder.bound($0, below: Dimension(schedule.positionsAtOnce / block.columns))
        body($0)
      }
    } else {
      let panels = builder.define(
        .floorDivide(builder.index(count + (columns - 1)), builder.index(IndexExpression(columns))),
        LaneType(.i64))
      builder.loop(to: .scalar(panels)) {
        builder.bound($0, below: Dimension(schedule.positionsAtOnce / block.columns))
        body($0)
      }
    }
  }

  /// Whether a block's panels may have columns past the last position.
  private var hasPartialPanels: Bool {
    guard let size = positions.constant, schedule.isWhole else { return true }
    return size % block.columns != 0
  }

  /// Panels of the keys of a block. Columns past the last position repeat it.
  func copyKeys(from lower: IndexExpression, to upper: IndexExpression) {
    forEachPanel(upper - lower) { panel in
      for vector in 0..<block.vectors {
        let first = lower + panel * Dimension(block.columns) + Dimension(vector * lanes)
        let positions = (0..<lanes).map { column -> IndexExpression in
          let position = first + Dimension(column)
          return hasPartialPanels ? builder.minimum(position, upper - IndexExpression(1)) : position
        }
        let whole = depth / lanes * lanes
        if whole > 0 {
          builder.loop(to: IndexExpression(Dimension(whole)), step: lanes) { step in
            builder.bound(step, below: Dimension(depth))
            copyKeys(positions, panel, vector, step, count: lanes)
          }
        }
        if whole < depth {
          copyKeys(
            positions, panel, vector, IndexExpression(Dimension(whole)), count: depth - whole)
        }
      }
    }
  }

  /// A square of positions by steps of depth.
  private func copyKeys(
    _ positions: [IndexExpression], _ panel: IndexExpression, _ vector: Int,
    _ step: IndexExpression, count: Int
  ) {
    var lines = positions.map { position in
      load(1, [batch, keyHead, position, step], lanes: lanes, count: rest(count))
    }
    // Halves interleaved as often as 2 divides the number of lanes.
    var stage = 1
    while stage < lanes {
      lines = (0..<lanes / 2).flatMap { number in
        [false, true].map { upper in
          builder.define(
            .interleave(lines[number], lines[number + lanes / 2], upper: upper), vectorType)
        }
      }
      stage *= 2
    }
    for number in 0..<count {
      builder.store(keyAddress(panel, step + Dimension(number), vector), lines[number])
    }
  }

  /// The scores of a piece's rows for the positions of a block, minus infinity where one is not
  /// seen and in the columns past the last.
  func writeScores(
    _ head: IndexExpression, _ row: IndexExpression, _ count: Int, from lower: IndexExpression,
    to upper: IndexExpression
  ) {
    forEachPanel(upper - lower) { panel in
      let sums = multiply(head, row, count, panel)
      let first = lower + panel * Dimension(block.columns)
      func finish(isWhole: Bool) {
        unrolled(count) { number in
          for vector in 0..<block.vectors {
            let position = first + Dimension(vector * lanes)
            let sum = builder.read(
              RegisterPlace(sums, [number, IndexExpression(Dimension(vector))]))
            let scaled = builder.binary(.multiply, sum, splat(float(attention.scale)))
            let address = scoreAddress(
              number, panel * Dimension(block.columns) + Dimension(vector * lanes))
            builder.store(
              address,
              masked(scaled, head, row + number, position, end: isWhole ? nil : upper))
          }
        }
      }
      guard hasPartialPanels || attention.isCausal else { return finish(isWhole: true) }
      let last = builder.index(first + Dimension(block.columns - 1))
      let isWhole = builder.define(.compare(.less, last, builder.index(upper)), LaneType(.bool))
      builder.conditional(isWhole) {
        finish(isWhole: true)
      } otherwise: {
        finish(isWhole: false)
      }
    }
  }

  func scoreAddress(_ number: IndexExpression, _ column: IndexExpression) -> Address {
    Address(scores, number * Dimension(schedule.positionsAtOnce) + column)
  }

  /// Q Kᵀ of a piece's rows and a panel, in registers.
  private func multiply(
    _ head: IndexExpression, _ row: IndexExpression, _ count: Int, _ panel: IndexExpression
  ) -> Int {
    let sums = builder.register(vectorType, extents: [count, block.vectors])
    func place(_ number: IndexExpression, _ vector: Int) -> RegisterPlace {
      RegisterPlace(sums, [number, IndexExpression(Dimension(vector))])
    }
    unrolled(count) { number in
      for vector in 0..<block.vectors { builder.set(place(number, vector), splat(float(0))) }
    }
    guard depth > 0 else { return sums }
    builder.loop(to: IndexExpression(Dimension(depth)), copies: 4) { step in
      builder.bound(step, below: Dimension(depth))
      let vectors = (0..<block.vectors).map { load(keyAddress(panel, step, $0)) }
      unrolled(count) { number in
        let factor = splat(
          load(0, [batch, queryHead(head), row + number, step], lanes: 1))
        for vector in 0..<block.vectors {
          let target = place(number, vector)
          builder.set(target, multiplyAdd(factor, vectors[vector], builder.read(target)))
        }
      }
    }
    return sums
  }

  /// Scaled scores with the mask's; `end` where positions from there on are in the vector.
  private func masked(
    _ scaled: ValueIndex, _ head: IndexExpression, _ row: IndexExpression,
    _ position: IndexExpression, end: IndexExpression?
  ) -> ValueIndex {
    var value = scaled
    let nothing = splat(float(-.infinity))
    let numbers = builder.define(.laneNumber, LaneType(.i64, lanes: lanes))
    func isBelow(_ end: IndexExpression) -> ValueIndex {
      builder.define(
        .compare(.less, numbers, splat(builder.index(end - position))),
        LaneType(.bool, lanes: lanes))
    }
    if attention.hasMask {
      let mask = self.mask(head, row, position, end)
      value =
        inputs[3].element == .bool
        ? builder.define(.select(mask, value, nothing), vectorType)
        : builder.binary(.add, value, mask)
    }
    if attention.isCausal {
      value = builder.define(
        .select(isBelow(row + ahead + 1), value, nothing), vectorType)
    }
    if let end {
      value = builder.define(.select(isBelow(end), value, nothing), vectorType)
    }
    return value
  }

  private func mask(
    _ head: IndexExpression, _ row: IndexExpression, _ position: IndexExpression,
    _ end: IndexExpression?
  ) -> ValueIndex {
    let shape = inputs[3].shape
    let all = [batch, queryHead(head), row, position].suffix(shape.rank)
    let indices = zip(shape, all).map { size, index in size == 1 ? IndexExpression(0) : index }
    guard let last = shape.last, last != 1 else { return splat(load(3, indices, lanes: 1)) }
    let count = end.map { end -> ValueIndex in
      let left = builder.binary(
        .maximum, builder.index(end - position), builder.index(IndexExpression(0)))
      return builder.binary(.minimum, left, builder.index(IndexExpression(Dimension(lanes))))
    }
    return load(3, indices, lanes: lanes, count: count)
  }

  /// exp of a row's scores less the greatest so far, their sum, and what sums so far are multiplied
  /// by.
  func exponentiate(
    _ head: IndexExpression, _ row: IndexExpression, _ number: IndexExpression,
    count: IndexExpression
  ) {
    let state = self.number(head, row + number)
    let vectors = block.vectors
    func partials(_ start: ValueIndex) -> Int {
      let register = builder.register(vectorType, extents: [vectors])
      for vector in 0..<vectors { builder.set(place(register, vector), splat(start)) }
      return register
    }
    func place(_ register: Int, _ vector: Int) -> RegisterPlace {
      RegisterPlace(register, [IndexExpression(Dimension(vector))])
    }
    func combined(_ register: Int, _ function: BinaryFunction) -> ValueIndex {
      let all = (0..<vectors).map { builder.read(place(register, $0)) }
      let one = all.dropFirst().reduce(all[0]) { builder.binary(function, $0, $1) }
      if lanes == 1 { return one }
      return builder.define(.combineLanes(function, one), LaneType(element))
    }
    func address(_ panel: IndexExpression, _ vector: Int) -> Address {
      scoreAddress(number, panel * Dimension(block.columns) + Dimension(vector * lanes))
    }
    let sofar =
      sums == nil ? float(lowest) : loadOne(Address(largest, state))
    let maxima = partials(sofar)
    forEachPanel(count) { panel in
      for vector in 0..<vectors {
        let (score, target) = (load(address(panel, vector)), place(maxima, vector))
        let most = builder.read(target)
        let isMore = builder.define(
          .compare(.greater, score, most), LaneType(.bool, lanes: lanes))
        builder.set(target, builder.define(.select(isMore, score, most), vectorType))
      }
    }
    let most = combined(maxima, .maximum)
    builder.store(Address(largest, state), most)
    let totals = partials(float(0))
    forEachPanel(count) { panel in
      for vector in 0..<vectors {
        let less = builder.binary(.subtract, load(address(panel, vector)), splat(most))
        let power = builder.define(.unary(.exponential, less), vectorType)
        builder.store(address(panel, vector), power)
        let target = place(totals, vector)
        builder.set(target, builder.binary(.add, builder.read(target), power))
      }
    }
    var sum = combined(totals, .add)
    if sums != nil {
      let less = builder.binary(.subtract, sofar, most)
      let factor = builder.define(.unary(.exponential, less), LaneType(element))
      builder.store(Address(factors, number), factor)
      sum = builder.define(
        .multiplyAdd(loadOne(Address(total, state)), factor, sum), LaneType(element))
    }
    builder.store(Address(total, state), sum)
  }
}
