extension ONNXOperatorTable {
  /// The operators that Tenon reads, by family; each family's list stands beside its operators.
  public static let standard = ONNXOperatorTable(
    ONNXOperator.activations
      + ONNXOperator.attention
      + ONNXOperator.classic
      + ONNXOperator.contractions
      + ONNXOperator.contrib
      + ONNXOperator.controlFlow
      + ONNXOperator.elementwise
      + ONNXOperator.fusedActivations
      + ONNXOperator.generators
      + ONNXOperator.losses
      + ONNXOperator.movement
      + ONNXOperator.normalizations
      + ONNXOperator.ordering
      + ONNXOperator.pooling
      + ONNXOperator.quantization
      + ONNXOperator.quantizedFunctions
      + ONNXOperator.random
      + ONNXOperator.recurrent
      + ONNXOperator.reductions
      + ONNXOperator.resampling
      + ONNXOperator.selecting
      + ONNXOperator.sequences
      + ONNXOperator.shapes
      + ONNXOperator.signal
      + ONNXOperator.training
      + [ONNXOperator.determinant])
}
