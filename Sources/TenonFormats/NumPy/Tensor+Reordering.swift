import TenonTensor

extension Tensor {
  /// The same tensor with the bytes of every number reversed.
  func swappingBytes() throws -> Tensor {
    let width = elementType.isComplex ? elementType.byteWidth / 2 : elementType.byteWidth
    return try Tensor(elementType, shape: shape) { target in
      withUnsafeBytes { source in
        for start in Swift.stride(from: 0, to: source.count, by: width) {
          for index in 0..<width { target[start + index] = source[start + width - 1 - index] }
        }
      }
    }
  }

  /// The transpose that reverses the order of the axes.
  func reversingAxes() throws -> Tensor {
    if rank < 2 { return self }
    let sizes = Array(shape.reversed())
    let strides = Array(RowMajor.strides(shape).reversed())
    if elementType == .string {
      var reordered: [String] = []
      reordered.reserveCapacity(strings.count)
      Tensor.forEachRow(sizes, strides) { start, step, count in
        for index in 0..<count { reordered.append(strings[start + index * step]) }
      }
      return try Tensor(strings: reordered, shape: sizes)
    }
    let width = elementType.byteWidth
    return try Tensor(elementType, shape: sizes) { target in
      withUnsafeBytes { source in
        guard var next = target.baseAddress, let first = source.baseAddress else { return }
        Tensor.forEachRow(sizes, strides) { start, step, count in
          for index in 0..<count {
            next.copyMemory(from: first + (start + index * step) * width, byteCount: width)
            next += width
          }
        }
      }
    }
  }

  /// Calls `body` for each row of the last axis with the place of its first element, the distance
  /// of the next and their number.
  private static func forEachRow(
    _ sizes: [Int], _ strides: [Int], _ body: (_ start: Int, _ step: Int, _ count: Int) -> Void
  ) {
    guard !sizes.contains(0) else { return }
    RowMajor.forEachIndex(Array(sizes.dropLast())) { index in
      let start = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
      body(start, strides[sizes.count - 1], sizes[sizes.count - 1])
    }
  }
}
