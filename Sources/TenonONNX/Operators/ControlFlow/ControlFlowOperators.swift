extension ONNXOperator {
  /// Operators that hold graphs of their own.
  static let controlFlow: [ONNXOperator] = [conditional, loop, scan]
}
