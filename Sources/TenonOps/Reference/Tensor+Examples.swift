import TenonTensor

extension Tensor {
  /// An f32 matrix from its rows, for examples.
  static func rows(_ rows: [[Float]]) -> Tensor {
    certain { try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows.first?.count ?? 0]) }
  }

  /// f32 elements under sizes that fit, for examples.
  static func shaped(_ elements: [Float], _ shape: [Int]) -> Tensor {
    certain { try Tensor(elements, shape: shape) }
  }
}
