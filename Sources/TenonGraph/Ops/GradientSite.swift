import TenonTensor

/// What an op sees while its gradient is recorded.
public struct GradientSite {
  public let graph: Graph
  /// The node that is differentiated.
  public let node: NodeID
  public let operands: [Value]
  public let results: [Value]
  /// The gradient of each result; nil where nothing depends on it.
  public let gradients: [Value?]
  /// Which operands' gradients are wanted; others may be left nil.
  public let wanted: [Bool]
  /// Records the gradient of one of the node's regions as a new region: see
  /// `regionGradient(_:wanted:)`.
  let differentiate: (RegionID, [Bool], [Bool]) throws -> RegionID

  public init(
    graph: Graph, node: NodeID, operands: [Value], results: [Value], gradients: [Value?],
    wanted: [Bool], differentiate: @escaping (RegionID, [Bool], [Bool]) throws -> RegionID
  ) {
    self.graph = graph
    self.node = node
    self.operands = operands
    self.results = results
    self.gradients = gradients
    self.wanted = wanted
    self.differentiate = differentiate
  }

  /// The gradient of the first result.
  public var gradient: Value {
    guard let gradient = gradients[0] else {
      preconditionFailure("internal: gradient of an unused result")
    }
    return gradient
  }

  public var regions: [RegionID] { Array(graph.regions(node)) }

  /// A region that takes the arguments of `region` and then one gradient for each result marked in
  /// `seeded`, and gives one gradient for each argument marked in `wanted`.
  public func regionGradient(_ region: RegionID, seeded: [Bool], wanted: [Bool]) throws -> RegionID
  {
    try differentiate(region, seeded, wanted)
  }
}
