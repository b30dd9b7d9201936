extension ONNXOperator {
  /// Operators that hold graphs of their own.
  static let controlFlow: [ONNXOperator] = [branching, loop, scanning]
}
