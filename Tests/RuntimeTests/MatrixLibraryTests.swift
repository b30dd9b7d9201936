import CTenonKernels
import Testing

/// Products of matrices by the library and by plain loops. Elements are small integers, so that sums
/// are exact in whatever order.
@Suite struct MatrixLibraryTests {
  private struct Product: CustomStringConvertible {
    var (m, n, k) = (0, 0, 0)
    /// Whether an operand's columns follow each other in memory, not its rows.
    var (aIsTransposed, bIsTransposed) = (false, false)
    /// Elements between lines, beside the line itself.
    var gap = 0

    var description: String {
      "\(m)x\(k) by \(k)x\(n), transposed \(aIsTransposed) \(bIsTransposed), gap \(gap)"
    }
  }

  private static let products: [Product] = {
    let sizes = [
      (1, 1, 1), (1, 7, 5), (6, 1, 5), (3, 5, 1), (17, 33, 9), (64, 64, 64), (5, 130, 70),
      (3, 4, 0), (0, 4, 3), (3, 0, 4),
    ]
    return sizes.flatMap { m, n, k in
      [false, true].flatMap { a in
        [false, true].flatMap { b in
          [0, 3].map {
            Product(m: m, n: n, k: k, aIsTransposed: a, bIsTransposed: b, gap: $0)
          }
        }
      }
    }
  }()

  private typealias Multiply = (
    Int64, Int64, Int64, Int64, UnsafeRawPointer, Int64, Int64, UnsafeRawPointer, Int64, Int64,
    UnsafeMutableRawPointer
  ) -> Void

  /// What a function gives, with an element after the end that must stay.
  private func result<Number: BinaryFloatingPoint>(
    _ product: Product, _ type: Int, _ a: [Number], _ b: [Number], by multiply: Multiply
  ) -> [Number] {
    let (m, n, k) = (product.m, product.n, product.k)
    var c = [Number](repeating: 77, count: m * n + 1)
    let (aLine, bLine) = (
      (product.aIsTransposed ? m : k) + product.gap, (product.bIsTransposed ? k : n) + product.gap
    )
    let (am, ak) = product.aIsTransposed ? (1, aLine) : (aLine, 1)
    let (bk, bn) = product.bIsTransposed ? (1, bLine) : (bLine, 1)
    multiply(
      Int64(type), Int64(m), Int64(n), Int64(k), a, Int64(am), Int64(ak), b, Int64(bk), Int64(bn),
      &c)
    #expect(c[m * n] == 77, "\(product): written past the end")
    for i in 0..<m {
      for j in 0..<n {
        let sum = (0..<k).reduce(Number(0)) { $0 + a[i * am + $1 * ak] * b[$1 * bk + j * bn] }
        #expect(c[i * n + j] == sum, "\(product): element \(i), \(j)")
      }
    }
    return c
  }

  private func check<Number: BinaryFloatingPoint>(_ type: Int, _: Number.Type) {
    for product in MatrixLibraryTests.products {
      let (m, n, k) = (product.m, product.n, product.k)
      let a = (0..<(m + product.gap) * (k + product.gap) + m + k).map { Number($0 * 7 % 13 - 6) }
      let b = (0..<(n + product.gap) * (k + product.gap) + n + k).map { Number($0 * 5 % 11 - 5) }
      let own = result(product, type, a, b, by: tenon_portable_multiply_matrices_plainly)
      let library = result(product, type, a, b, by: tenon_portable_multiply_matrices)
      #expect(own == library, "\(product)")
    }
  }

  @Test func bothMultiplyAlike() {
    check(tenon_portable_f32, Float.self)
    check(tenon_portable_f64, Double.self)
  }
}
