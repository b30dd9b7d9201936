import TenonTensor

extension Tensor {
  /// A tensor of `sizes` whose element at an index is this one's at `source(index)`, or `fill`'s
  /// only element where `source` gives nil. Bits are copied, so every element type works.
  func gathered(_ sizes: [Int], fill: Tensor? = nil, _ source: ([Int]) -> [Int]?) throws -> Tensor {
    let strides = RowMajor.strides(shape)
    let width = elementType.byteWidth
    return try Tensor(elementType, shape: sizes) { target in
      withUnsafeBytes { bytes in
        var at = 0
        RowMajor.forEachIndex(sizes) { index in
          if let from = source(index) {
            let offset = zip(from, strides).reduce(0) { $0 + $1.0 * $1.1 } * width
            for byte in 0..<width { target[at + byte] = bytes[offset + byte] }
          } else if let fill {
            fill.withUnsafeBytes { for byte in 0..<width { target[at + byte] = $0[byte] } }
          }
          at += width
        }
      }
    }
  }
}
