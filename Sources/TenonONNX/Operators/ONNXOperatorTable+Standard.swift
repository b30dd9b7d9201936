extension ONNXOperatorTable {
  /// The operators that Tenon reads, by family; each family's list stands beside its operators.
  public static let standard = ONNXOperatorTable(
    ONNXOperator.elementwise
      + ONNXOperator.shapes)
}
