import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Det`: the determinant of the last two axes, by elimination with the largest pivot of each
  /// column.
  static let determinant = ONNXOperator("Det", since: [11, 22]) { node in
    let x = try node.input(0)
    try node.require(x.rank >= 2, "the input must have rank 2 or more")
    guard let size = x.shape[x.rank - 1].constant, x.shape[x.rank - 2].constant == size,
      size <= 128
    else { throw node.fail("matrices must be square, of a known size of at most 128") }
    let batch = Shape(Array(x.shape.dimensions.dropLast(2)))
    let count = batch.elementCount
    // Products of many numbers are kept in f64, and so are numbers that cancel.
    let matrices = try TenonOps.reshape(x, [count, Dimension(size), Dimension(size)])
    var rest = try convert(matrices, to: .f64)
    let one = try node.graph.scalar(1, .f64)
    var result = try one.repeated(to: [count])
    for left in stride(from: size, to: 0, by: -1) {
      result = try node.eliminate(&rest, count, left, result)
    }
    return try TenonOps.reshape(convert(result, to: x.elementType), batch)
  }
}

extension ONNXNode {
  /// Takes the first column and the pivot's row away, and returns the determinant so far.
  fileprivate func eliminate(
    _ matrix: inout Value, _ count: Dimension, _ size: Int, _ sofar: Value
  ) throws -> Value {
    let size = Dimension(size)
    func along(_ value: Value, _ axes: [Int], _ shape: Shape) throws -> Value {
      try graph.apply1(BroadcastInDim(shape: shape, dimensions: axes), [value], site: CallSite())
    }
    let column = try TenonOps.reshape(slice(matrix, axis: 2, from: 0, to: 1), [count, size])
    let place = try argMax(abs(column), axis: 1)
    let isPivot = try equal(
      graph.iota(.i64, [count, size], dimension: 1), along(place, [0], [count, size]))
    let zero = try graph.scalar(0.0, .f64)
    let isPivotRow = try along(isPivot, [0, 1], matrix.shape)
    let row = try sum(
      select(isPivotRow, matrix, zero.repeated(to: matrix.shape)), axes: [1])
    let pivot = try TenonOps.reshape(slice(row, axis: 1, from: 0, to: 1), [count])
    // The first row goes to the pivot's place, which turns the sign unless it is there.
    let sign = try select(
      equal(place, 0), sofar.filled(1, site: CallSite()), sofar.filled(-1, site: CallSite()))
    let result = try sofar * pivot * sign
    if size == 1 { return result }
    let first = try slice(matrix, axis: 1, from: 0, to: 1)
    let swapped = try slice(
      select(isPivotRow, TenonOps.broadcast(first, to: matrix.shape), matrix), axis: 1, from: 1)
    let inner: Shape = [count, size - 1, size - 1]
    // Without a pivot the determinant is 0 already; any finite factor does.
    let safe = try select(equal(pivot, 0.0), pivot.filled(1, site: CallSite()), pivot)
    let pivots = try along(safe, [0], [count, size - 1, 1])
    let factors = try slice(swapped, axis: 2, from: 0, to: 1) / pivots
    let tail = try slice(row, axis: 1, from: 1)
    let product = try TenonOps.broadcast(factors, to: inner) * along(tail, [0, 2], inner)
    matrix = try slice(swapped, axis: 2, from: 1) - product
    return result
  }
}
