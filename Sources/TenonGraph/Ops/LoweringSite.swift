import TenonTensor

/// What an op sees while it is lowered: types without layouts and regions, no values.
public struct LoweringSite {
  public let operands: [TensorType]
  public let results: [TensorType]
  /// The graph and regions of the node, for combiners and comparators.
  public let graph: Graph
  public let regions: [RegionID]
  /// The operands' elements as size expressions, where they are known.
  public let knownElements: [[Dimension]?]

  public init(
    operands: [TensorType], results: [TensorType], graph: Graph, regions: [RegionID],
    knownElements: [[Dimension]?]
  ) {
    self.operands = operands.map(\.withoutLayout)
    self.results = results.map(\.withoutLayout)
    self.graph = graph
    self.regions = regions
    self.knownElements = knownElements
  }
}
