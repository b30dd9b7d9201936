import TenonTensor

extension ONNXFile {
  /// Bytes that the dense form of a sparse tensor may take: a few bytes of file can claim any size.
  private static let mostSparseBytes = 1 << 30

  /// The dense form of a sparse tensor: zeros but for the values listed.
  ///
  /// - Throws: `model-tensor` where it is not stored as the format says.
  func tensor(_ proto: ONNXSparseTensorProto) throws -> Tensor {
    let name = proto.values.name
    let values = try tensor(proto.values)
    let (shape, count) = try StoredElements.sizes(proto.dims, of: name)
    let width = values.elementType.byteWidth
    guard values.elementType != .string else { throw TenonError.sparseStrings(name) }
    guard count * width <= ONNXFile.mostSparseBytes else {
      throw TenonError.storedCount(name, shape)
    }
    guard values.rank == 1 else { throw TenonError.sparseValues(name, values.shape) }
    let indices = try tensor(proto.indices)
    guard indices.elementType == .i64,
      indices.shape == values.shape || indices.shape == values.shape + [shape.count]
    else { throw TenonError.sparseIndices(name, indices, values.elementCount, shape) }
    let places = try places(indices.integers().map { Int($0) }, indices.rank, shape, name)
    return try Tensor(values.elementType, shape: shape) { dense in
      values.withUnalignedBytes { bytes in
        for (index, place) in places.enumerated() {
          for byte in 0..<width { dense[place * width + byte] = bytes[index * width + byte] }
        }
      }
    }
  }

  /// The places of the values in row-major order.
  private func places(_ indices: [Int], _ rank: Int, _ shape: [Int], _ name: String) throws
    -> [Int]
  {
    let count = shape.contains(0) ? 0 : shape.reduce(1, *)
    let width = rank == 1 ? 1 : shape.count
    guard width > 0 else { return [] }
    let sizes = rank == 1 ? [count] : shape
    var last = -1
    return try stride(from: 0, to: indices.count, by: width).map { start in
      var place = 0
      for (index, size) in zip(indices[start..<start + width], sizes) {
        guard index >= 0, index < size else { throw TenonError.sparseIndex(name, index, size) }
        place = place * size + index
      }
      guard place > last else { throw TenonError.sparseOrder(name, place, last) }
      last = place
      return place
    }
  }
}
