import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that ask for shapes or change them.
  static let shapes: [ONNXOperator] = [
    reshape
  ]
}
