import TenonTensor

/// How a model is imported.
public struct ONNXImportOptions: Sendable {
  /// Numbers for named sizes (`dim_param`) of the inputs: `["batch": 1]`. Others become bound
  /// symbols of the graph, whose numbers `compile` takes.
  public var sizes: [String: Int]
  /// Named sizes that stay open until a run, with the largest each may have: `["sequence": 512]`.
  public var maximumSizes: [String: Int]
  /// Inputs bound by value: they become constants and are no inputs of the graph. For inputs that
  /// decide shapes, such as the target of a `Reshape`.
  public var values: [String: Tensor]
  /// The inputs of the runs to come, by name. Their shapes settle every size; those whose values
  /// decide shapes are bound by value. The graph then serves just these shapes and values.
  public var feeds: [String: Tensor]?
  public var operators: ONNXOperatorTable

  public init(
    sizes: [String: Int] = [:], maximumSizes: [String: Int] = [:], values: [String: Tensor] = [:],
    feeds: [String: Tensor]? = nil, operators: ONNXOperatorTable = .standard
  ) {
    self.sizes = sizes
    self.maximumSizes = maximumSizes
    self.values = values
    self.feeds = feeds
    self.operators = operators
  }
}
