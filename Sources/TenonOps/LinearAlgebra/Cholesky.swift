import TenonGraph
import TenonTensor

/// For each symmetric positive definite matrix A of the last two axes the triangular L with
/// A = L Lᵀ, or U with A = Uᵀ U. Only that triangle of A is read; the other one of the result is 0.
/// Where A is not positive definite, the result has NaN.
public struct Cholesky: PrimitiveOp {
  public static let name = "cholesky"
  public static let signature = Signature(["a"])
  public let isLower: Bool

  public init(isLower: Bool = true) { self.isLower = isLower }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let a = try site.requireFloat()
    try site.require(a.rank >= 2, "shape-mismatch", "needs matrices, the last two axes")
    try site.requireEqual(
      a.shape[a.rank - 2], a.shape[a.rank - 1], "shape-mismatch",
      "matrices must be square, not \(a.shape[a.rank - 2]) by \(a.shape[a.rank - 1])")
    return [.tensor(a)]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    var a = try operands[0].doubles()
    let size = operands[0].shape.last ?? 0
    for first in stride(from: 0, to: a.count, by: max(1, size * size)) {
      func at(_ row: Int, _ column: Int) -> Int {
        first + (isLower ? row * size + column : column * size + row)
      }
      for column in 0..<size {
        for row in column..<size {
          var rest = a[at(row, column)]
          for inner in 0..<column { rest -= a[at(row, inner)] * a[at(column, inner)] }
          a[at(row, column)] =
            row == column ? rest.squareRoot() : rest / a[at(column, column)]
        }
        for row in 0..<column { a[at(row, column)] = 0 }
      }
    }
    return [try site.result(0, .floats(a))]
  }

  /// The derivative as a function of the triangle that is read (Murray, "Differentiation of the
  /// Cholesky decomposition", 2016).
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let factor = site.results[0]
    let rank = factor.rank
    let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
    let lower = isLower ? factor : try transpose(factor, order)
    let gradient = isLower ? site.gradient : try transpose(site.gradient, order)
    let product = try matmul(transpose(lower, order), gradient)
    let middle = try Cholesky.lowerTriangle(product, diagonal: 0.5)
    // L⁻ᵀ Φ L⁻¹, symmetric in what it stands for.
    let left = try triangularSolve(lower, middle, isTransposed: true)
    let whole = try transpose(
      triangularSolve(lower, transpose(left, order), isTransposed: true), order)
    let both = try whole + transpose(whole, order)
    let triangle = try Cholesky.lowerTriangle(both, diagonal: 0.5)
    return [isLower ? triangle : try transpose(triangle, order)]
  }

  /// Zeros above the diagonal, which is scaled.
  private static func lowerTriangle(_ x: Value, diagonal: Double) throws -> Value {
    let row = try x.graph.iota(.i64, x.shape, dimension: x.rank - 2)
    let column = try x.graph.iota(.i64, x.shape, dimension: x.rank - 1)
    let zero = try x.filled(0, site: CallSite())
    let below = try select(greater(row, column), x, zero)
    return try select(equal(row, column), x * diagonal, below)
  }

  public func lowering(_ site: LoweringSite) -> Lowering? { .library("potrf") }

  public static var samples: Samples {
    Samples(elements: ElementType.floats) { element in
      let shapes: [[Int]] = [
        [1, 1], [3, 3], [2, 2, 2], [0, 3, 3], [2, 0, 0], [17, 17], [4, 4],
      ]
      return shapes.enumerated().map { place, shape in
        let size = shape.last ?? 0
        // Rows outweighed by their diagonal make a matrix positive definite.
        let type = TensorType(element, Shape(shape))
        return Samples.Case(Cholesky(isLower: place % 2 == 0), [type]) { graph, values in
          let x = values[0]
          let row = try graph.iota(.i64, x.shape, dimension: x.rank - 2)
          let column = try graph.iota(.i64, x.shape, dimension: x.rank - 1)
          let heavy = try x + x.filled(8 * max(1, size), site: CallSite())
          return [try cholesky(select(equal(row, column), heavy, x), isLower: place % 2 == 0)]
        }
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        Cholesky(), [Tensor.rows([[4, 12, -16], [12, 37, -43], [-16, -43, 98]])],
        gives: [Tensor.rows([[2, 0, 0], [6, 1, 0], [-8, 5, 3]])],
        source: "the usual example of a Cholesky decomposition, by hand")
    ]
  }
}

/// For each symmetric positive definite matrix of the last two axes, the lower triangular L with
/// A = L Lᵀ, or the upper U with A = Uᵀ U; NaN where it is not positive definite.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func cholesky(
  _ a: Value, isLower: Bool = true, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try a.graph.apply1(Cholesky(isLower: isLower), [a], site: CallSite(fileID: fileID, line: line))
}
