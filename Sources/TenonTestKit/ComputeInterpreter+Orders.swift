import TenonGraph
import TenonTensor

// The kinds of lowering whose work has an order: scatter, prefix scan, sort and place.
extension ComputeInterpreter {
  /// Updates combined one by one, ascending.
  func run(_ scatter: Scatter, results types: [ElementType]) throws -> [Tensor] {
    let count = scatter.count
    let bounds = try scatter.bounds.map(size)
    let strides = RowMajor.strides(bounds)
    var values = (0..<count).map { place in
      (0..<RowMajor.count(bounds)).map { operands[place][$0] }
    }
    let updates = operands[(count + 1)...]
    var at = 0
    try RowMajor.forEachIndex(scatter.axes.map(size)) { update in
      let frame = ScalarFrame(axes: update)
      let scalars = try evaluate(scatter.program, frame)
      let target = try scatter.target.map { try index($0, frame) { scalars[$0.index] } }
      defer { at += 1 }
      guard zip(target, bounds).allSatisfy({ $0 >= 0 && $0 < $1 }) else { return }
      let offset = zip(target, strides).reduce(0) { $0 + $1.0 * $1.1 }
      let combined = try combine(
        scatter.combiner, values.map { $0[offset] }, updates.map { $0[at] }, types)
      for place in 0..<count { values[place][offset] = combined[place] }
    }
    return try values.enumerated().map { try Tensor($1, types[$0], shape: bounds) }
  }

  func run(_ scan: PrefixScan, results types: [ElementType]) throws -> [Tensor] {
    let count = types.count
    let shape = operands[0].shape
    let initial = (0..<count).map { operands[count + $0][0] }
    var values = (0..<count).map { place in
      (0..<RowMajor.count(shape)).map { operands[place][$0] }
    }
    try forEachRow(shape, scan.axis) { row in
      var sofar = initial
      for offset in scan.isReversed ? row.reversed() : row {
        let next = try combine(scan.combiner, sofar, values.map { $0[offset] }, types)
        let written = scan.isExclusive ? sofar : next
        for place in 0..<count { values[place][offset] = written[place] }
        sofar = next
      }
    }
    return try values.enumerated().map { try Tensor($1, types[$0], shape: shape) }
  }

  func run(_ sort: Sort, results types: [ElementType]) throws -> [Tensor] {
    let shape = operands[0].shape
    let limit = try sort.limit.map(size) ?? shape[sort.axis]
    var kept = shape
    kept[sort.axis] = limit
    var chosen: [[Int]] = []
    try forEachRow(shape, sort.axis) { row in
      var order: [Int] = []
      // Insertion keeps equal elements in their order.
      for offset in row {
        var place = order.count
        while place > 0, try goesBefore(sort, offset, order[place - 1]) { place -= 1 }
        order.insert(offset, at: place)
      }
      chosen.append(Array(order.prefix(limit)))
    }
    return try types.enumerated().map { position, type in
      var numbers = [ScalarNumber](repeating: .integer(0), count: RowMajor.count(kept))
      var row = 0
      forEachRow(kept, sort.axis) { offsets in
        for (place, offset) in offsets.enumerated() {
          numbers[offset] = operands[position][chosen[row][place]]
        }
        row += 1
      }
      return try Tensor(numbers, type, shape: kept)
    }
  }

  private func goesBefore(_ sort: Sort, _ a: Int, _ b: Int) throws -> Bool {
    let parameters = operands.flatMap { [$0[a], $0[b]] }
    let scalars = try evaluate(sort.comparator, ScalarFrame(axes: [], parameters: parameters))
    return scalars[sort.result.index] != .integer(0)
  }

  func run(_ place: Place, result type: ElementType, shape: [Int]) throws -> [Tensor] {
    let strides = RowMajor.strides(shape)
    var numbers = [ScalarNumber?](repeating: nil, count: RowMajor.count(shape))
    for (operand, offset) in zip(operands, place.offsets) {
      let first = try size(offset)
      var at = 0
      RowMajor.forEachIndex(operand.shape) { index in
        var target = index
        target[place.axis] += first
        numbers[zip(target, strides).reduce(0) { $0 + $1.0 * $1.1 }] = operand[at]
        at += 1
      }
    }
    return [
      try Tensor(
        numbers.map {
          guard let number = $0 else { throw TenonError.lowering("place leaves holes") }
          return number
        }, type, shape: shape)
    ]
  }

  /// Calls `body` with the offsets of each row along `axis`, ascending.
  private func forEachRow(_ shape: [Int], _ axis: Int, _ body: ([Int]) throws -> Void) rethrows {
    let strides = RowMajor.strides(shape)
    var others = shape
    others[axis] = 1
    try RowMajor.forEachIndex(others) { index in
      let first = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
      try body((0..<shape[axis]).map { first + $0 * strides[axis] })
    }
  }
}
