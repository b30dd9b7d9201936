import TenonGraph
import TenonTensor

/// The matrix product of the last two axes; leading axes are batches and repeat as NumPy's
/// `matmul` does. A vector is a row on the left and a column on the right.
public struct Matmul: CompositeOp {
  public static let name = "matmul"
  public static let signature = Signature(["x", "y"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, y) = (try site.tensor(0), try site.tensor(1))
    try site.requireSameElement(0..<2)
    try site.require(
      !x.element.isStorageOnly && x.element != .bool, "element-type",
      "is not defined for \(x.element)")
    try site.require(
      x.rank > 0 && y.rank > 0, "shape-mismatch", "operands must have rank 1 or more")
    let inner = (x.shape[x.rank - 1], y.shape[max(0, y.rank - 2)])
    try site.requireEqual(
      inner.0, inner.1, "shape-mismatch",
      "the last size \(inner.0) of x and the first \(inner.1) of y's matrices must agree; "
        + "`transpose` one")
    let batches = try Matmul.batches(x.shape, y.shape) { a, b in
      try site.requireEqual(
        a, b, "shape-mismatch", "batch sizes \(a) and \(b) are neither equal nor 1")
    }
    let rows = x.rank > 1 ? [x.shape[x.rank - 2]] : []
    let columns = y.rank > 1 ? [y.shape[y.rank - 1]] : []
    return [.tensor(x.element, Shape(batches + rows + columns))]
  }

  /// The batch sizes of a product, and `check` for two that must agree.
  private static func batches(
    _ x: Shape, _ y: Shape, _ check: (Dimension, Dimension) throws -> Void
  ) rethrows -> [Dimension] {
    let (a, b) = (x.dimensions.dropLast(2), y.dimensions.dropLast(2))
    var sizes: [Dimension] = []
    for place in 0..<max(a.count, b.count) {
      let fromEnd = max(a.count, b.count) - place
      let left = fromEnd <= a.count ? a[a.count - fromEnd] : 1
      let right = fromEnd <= b.count ? b[b.count - fromEnd] : 1
      if left == 1 {
        sizes.append(right)
      } else {
        if right != 1 { try check(left, right) }
        sizes.append(left)
      }
    }
    return sizes
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let (x, y) = (operands[0], operands[1])
    let batches = Matmul.batches(x.shape, y.shape) { _, _ in }
    if x.rank <= 2 || y.rank <= 2 && x.rank >= y.rank {
      // No batches on the right: one contraction with all of x's leading axes.
      if y.rank <= 2 {
        return [
          try dotGeneral(x, y, lhsContracting: [x.rank - 1], rhsContracting: [max(0, y.rank - 2)])
        ]
      }
    }
    func batched(_ value: Value) throws -> Value {
      let matrix = value.shape.dimensions.suffix(2)
      return try broadcast(value, to: Shape(batches + matrix))
    }
    let left = x.rank == 1 ? try reshape(x, [1, x.shape[0]]) : x
    let (a, b) = (try batched(left), try batched(y))
    let axes = Array(batches.indices)
    let product = try dotGeneral(
      a, b, lhsBatching: axes, rhsBatching: axes, lhsContracting: [a.rank - 1],
      rhsContracting: [b.rank - 2])
    guard x.rank == 1 else { return [product] }
    return [try reshape(product, Shape(batches + [y.shape[y.rank - 1]]))]
  }

  public static var samples: Samples {
    Samples { element in
      let running = Dimension(.running("n", maximum: 9))
      let cases: [(Shape, Shape)] = [
        ([2, 3], [3, 4]), ([3], [3]), ([3], [3, 2]), ([2, 3], [3]), ([0, 3], [3, 2]),
        ([2, 0], [0, 3]), ([2, 3, 5], [5, 2]), ([2, 1, 3, 2], [4, 2, 5]), ([17, 19], [19, 18]),
        ([running, 3], [3, 2]), ([2, running, 3], [2, 3, running]),
      ]
      return cases.map {
        Samples.Case(Matmul(), [TensorType(element, $0), TensorType(element, $1)])
      }
    }
  }
}

/// The matrix product of the last two axes; see `Matmul`.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func matmul(_ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line)
  throws -> Value
{
  try x.graph.apply1(Matmul(), [x, y], site: CallSite(fileID: fileID, line: line))
}
