import Glibc
import TenonTensor

/// The Fourier transform by its definition, halved while lengths are even.
enum ReferenceFourier {
  /// Transformed along each axis in turn.
  static func transformed(
    _ real: [Double], _ imaginary: [Double], _ shape: [Int], _ axes: [Int], isInverse: Bool
  ) -> ([Double], [Double]) {
    var (a, b) = (real, imaginary)
    let strides = RowMajor.strides(shape)
    for axis in axes {
      var others = shape
      others[axis] = 1
      let length = shape[axis]
      RowMajor.forEachIndex(others) { index in
        let first = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
        let places = (0..<length).map { first + $0 * strides[axis] }
        let row = transformed(
          places.map { a[$0] }, places.map { b[$0] }, sign: isInverse ? 1 : -1)
        let scale = isInverse ? 1 / Double(length) : 1
        for (place, offset) in places.enumerated() {
          a[offset] = row.0[place] * scale
          b[offset] = row.1[place] * scale
        }
      }
    }
    return (a, b)
  }

  /// One row: Σ x exp(sign · 2πi jk / n).
  private static func transformed(_ real: [Double], _ imaginary: [Double], sign: Double)
    -> ([Double], [Double])
  {
    let length = real.count
    func root(_ power: Int) -> (Double, Double) {
      let angle = sign * 2 * Double.pi * Double(power % length) / Double(length)
      return (cos(angle), sin(angle))
    }
    var (a, b) = ([Double](repeating: 0, count: length), [Double](repeating: 0, count: length))
    if length % 2 == 0, length > 2 {
      let half = length / 2
      func part(_ first: Int) -> ([Double], [Double]) {
        let places = stride(from: first, to: length, by: 2)
        return transformed(
          places.map { real[$0] }, places.map { imaginary[$0] }, sign: sign)
      }
      let (even, odd) = (part(0), part(1))
      for place in 0..<half {
        let (c, s) = root(place)
        let x = odd.0[place] * c - odd.1[place] * s
        let y = odd.0[place] * s + odd.1[place] * c
        (a[place], b[place]) = (even.0[place] + x, even.1[place] + y)
        (a[place + half], b[place + half]) = (even.0[place] - x, even.1[place] - y)
      }
      return (a, b)
    }
    for k in 0..<length {
      for j in 0..<length {
        let (c, s) = root(j * k)
        a[k] += real[j] * c - imaginary[j] * s
        b[k] += real[j] * s + imaginary[j] * c
      }
    }
    return (a, b)
  }

  /// Rows of a spectrum of real numbers with their second half; imaginary parts that real numbers do
  /// not have are left out.
  static func mirrored(
    _ real: [Double], _ imaginary: [Double], _ stored: Int, _ length: Int
  ) -> ([Double], [Double]) {
    var (a, b): ([Double], [Double]) = ([], [])
    for row in 0..<(stored == 0 ? 0 : real.count / stored) {
      for place in 0..<length {
        let mirror = place < stored ? place : length - place
        let isReal = mirror == 0 || 2 * mirror == length
        a.append(real[row * stored + mirror])
        b.append(
          isReal ? 0 : (place < stored ? 1 : -1) * imaginary[row * stored + mirror])
      }
    }
    return (a, b)
  }
}
