import TenonTensor

/// What an op sees while the reference interpreter evaluates it.
public struct EvaluationSite {
  /// The element type and known sizes of each result.
  public let resultElements: [ElementType]
  public let resultShapes: [[Int]]
  let sizes: (Symbol) -> Int?
  let regions: [([Tensor]) throws -> [Tensor]]
  let combiners: (Int) -> Combiner?

  public init(
    resultElements: [ElementType], resultShapes: [[Int]], sizes: @escaping (Symbol) -> Int?,
    regions: [([Tensor]) throws -> [Tensor]] = [],
    combiners: @escaping (Int) -> Combiner? = { _ in nil }
  ) {
    self.resultElements = resultElements
    self.resultShapes = resultShapes
    self.sizes = sizes
    self.regions = regions
    self.combiners = combiners
  }

  /// The number that a size expression has in this run.
  ///
  /// - Throws: `unbound-symbol` where a symbol has no number.
  public func size(_ dimension: Dimension) throws -> Int {
    guard let value = dimension.evaluated(sizes) else { throw TenonError.unbound(dimension) }
    return value
  }

  public var regionCount: Int { regions.count }

  /// Runs one of the node's regions.
  public func callRegion(_ position: Int, _ arguments: [Tensor]) throws -> [Tensor] {
    try regions[position](arguments)
  }

  /// The region as a combiner, where it is scalar arithmetic: a named one is combined in f64 and
  /// rounded once.
  public func combiner(_ position: Int) -> Combiner? { combiners(position) }

  /// A tensor of the result's type from wide elements, rounded once.
  public func result(_ position: Int = 0, _ elements: Elements) throws -> Tensor {
    try Tensor(
      resultElements[position], shape: resultShapes[position], elements: elements)
  }
}
