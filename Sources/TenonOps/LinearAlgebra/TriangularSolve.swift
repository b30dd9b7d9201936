import TenonGraph
import TenonTensor

/// The X with A X = B, or X A = B, for each pair of matrices of the last two axes, where A is
/// triangular; only its triangle is read, with `hasUnitDiagonal` without the diagonal.
public struct TriangularSolve: PrimitiveOp {
  public static let name = "triangular_solve"
  public static let signature = Signature(["a", "b"])
  public let isLeft: Bool
  public let isLower: Bool
  public let hasUnitDiagonal: Bool
  /// Whether A's transpose takes its place.
  public let isTransposed: Bool

  public init(
    isLeft: Bool = true, isLower: Bool = true, hasUnitDiagonal: Bool = false,
    isTransposed: Bool = false
  ) {
    self.isLeft = isLeft
    self.isLower = isLower
    self.hasUnitDiagonal = hasUnitDiagonal
    self.isTransposed = isTransposed
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (a, b) = (try site.requireFloat(), try site.tensor(1))
    try site.requireSameElement(0..<2)
    try site.require(
      a.rank >= 2 && a.rank == b.rank, "shape-mismatch",
      "needs matrices, the last two axes, of one rank; given \(a.rank) and \(b.rank)")
    let size = a.shape[a.rank - 1]
    try site.requireEqual(
      a.shape[a.rank - 2], size, "shape-mismatch",
      "a must be square, not \(a.shape[a.rank - 2]) by \(size)")
    let axis = b.rank - (isLeft ? 2 : 1)
    try site.requireEqual(
      b.shape[axis], size, "shape-mismatch",
      "b has size \(b.shape[axis]) where a has \(size)")
    for axis in 0..<a.rank - 2 {
      try site.requireEqual(
        a.shape[axis], b.shape[axis], "shape-mismatch",
        "batch sizes \(a.shape[axis]) and \(b.shape[axis]) differ")
    }
    return [.tensor(b)]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let a = try operands[0].doubles()
    var x = try operands[1].doubles()
    let size = operands[0].shape.last ?? 0
    let shape = operands[1].shape
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    guard size > 0, rows * columns > 0 else { return [operands[1]] }
    // X A = B is Aᵀ Xᵀ = Bᵀ.
    let usesTranspose = isTransposed == isLeft
    let others = isLeft ? columns : rows
    for matrix in 0..<a.count / (size * size) {
      func element(_ row: Int, _ column: Int) -> Double {
        let (i, j) = usesTranspose ? (column, row) : (row, column)
        return a[matrix * size * size + i * size + j]
      }
      func at(_ row: Int, _ other: Int) -> Int {
        matrix * rows * columns + (isLeft ? row * columns + other : other * columns + row)
      }
      let isForward = isLower != usesTranspose
      for other in 0..<others {
        for step in 0..<size {
          let row = isForward ? step : size - 1 - step
          var rest = x[at(row, other)]
          for before in 0..<step {
            let column = isForward ? before : size - 1 - before
            rest -= element(row, column) * x[at(column, other)]
          }
          x[at(row, other)] = hasUnitDiagonal ? rest : rest / element(row, row)
        }
      }
    }
    return [try site.result(0, .floats(x))]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let (a, x) = (site.operands[0], site.results[0])
    let back = try site.graph.apply1(
      TriangularSolve(
        isLeft: isLeft, isLower: isLower, hasUnitDiagonal: hasUnitDiagonal,
        isTransposed: !isTransposed), [a, site.gradient], site: CallSite())
    guard site.wanted[0] else { return [nil, back] }
    let order = Array(0..<a.rank - 2) + [a.rank - 1, a.rank - 2]
    // For the matrix that is solved with: -back Xᵀ on the left, -Xᵀ back on the right.
    let solved =
      isLeft ? try matmul(back, transpose(x, order)) : try matmul(transpose(x, order), back)
    let whole = try -(isTransposed ? transpose(solved, order) : solved)
    let row = try a.graph.iota(.i64, a.shape, dimension: a.rank - 2)
    let column = try a.graph.iota(.i64, a.shape, dimension: a.rank - 1)
    let (first, second) = isLower ? (row, column) : (column, row)
    let isRead = hasUnitDiagonal ? try greater(first, second) : try greaterOrEqual(first, second)
    return [try select(isRead, whole, a.filled(0, site: CallSite())), back]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? { .library("trsm") }

  public static var samples: Samples {
    Samples(elements: ElementType.floats, range: 0.5...2) { element in
      let cases: [(Shape, Shape, TriangularSolve)] = [
        ([3, 3], [3, 2], TriangularSolve()),
        ([2, 3, 3], [2, 1, 3], TriangularSolve(isLeft: false)),
        ([3, 3], [3, 1], TriangularSolve(isLower: false, isTransposed: true)),
        ([2, 2], [4, 2], TriangularSolve(isLeft: false, isLower: false, hasUnitDiagonal: true)),
        ([4, 4], [4, 3], TriangularSolve(hasUnitDiagonal: true, isTransposed: true)),
        ([3, 3], [2, 3], TriangularSolve(isLeft: false, isTransposed: true)),
        ([0, 0], [0, 2], TriangularSolve()), ([2, 2], [2, 0], TriangularSolve()),
        ([5, 5], [5, 17], TriangularSolve(isLower: false)),
      ]
      return cases.map {
        Samples.Case($2, [TensorType(element, $0), TensorType(element, $1)])
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        TriangularSolve(), [Tensor.rows([[2, 0], [6, 1]]), Tensor.rows([[4], [13]])],
        gives: [Tensor.rows([[2], [1]])], source: "by hand: 2x = 4, 6x + y = 13")
    ]
  }
}

/// The X with A X = B, or X A = B where not `isLeft`, for matrices of the last two axes and a
/// triangular A.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func triangularSolve(
  _ a: Value, _ b: Value, isLeft: Bool = true, isLower: Bool = true,
  hasUnitDiagonal: Bool = false, isTransposed: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try a.graph.apply1(
    TriangularSolve(
      isLeft: isLeft, isLower: isLower, hasUnitDiagonal: hasUnitDiagonal,
      isTransposed: isTransposed), [a, b], site: CallSite(fileID: fileID, line: line))
}
