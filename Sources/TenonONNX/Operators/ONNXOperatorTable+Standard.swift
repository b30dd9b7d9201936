extension ONNXOperatorTable {
  /// The operators that Tenon reads, by family; each family's list stands beside its operators.
  public static let standard = ONNXOperatorTable(
    ONNXOperator.activations
      + ONNXOperator.classic
      + ONNXOperator.elementwise
      + ONNXOperator.fusedActivations
      + ONNXOperator.generators
      + ONNXOperator.losses
      + ONNXOperator.quantization
      + ONNXOperator.quantizedFunctions
      + ONNXOperator.random
      + ONNXOperator.reductions
      + ONNXOperator.shapes
      + ONNXOperator.training
      + [ONNXOperator.determinant])
}
