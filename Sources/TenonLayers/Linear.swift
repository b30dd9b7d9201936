import TenonGraph
import TenonOps
import TenonTensor

/// x W + b over the last axis: a fully connected layer.
public struct Linear {
  /// f32[inputs, outputs].
  public let weight: Variable
  /// f32[outputs]; nil without a bias.
  public let bias: Variable?

  /// Declares the variables `name/weight` and `name/bias`.
  ///
  /// - Throws: `duplicate-name`.
  public init(
    _ graph: Graph, _ name: String, inputs: Int, outputs: Int, element: ElementType = .f32,
    hasBias: Bool = true, initializer: Initializer = .glorotUniform, seed: UInt64 = 0,
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws {
    let site = CallSite(fileID: fileID, line: line)
    let fan = (inputs: inputs, outputs: outputs)
    let shape: Shape = [Dimension(inputs), Dimension(outputs)]
    weight = try graph.variable("\(name)/weight", fileID: fileID, line: line) {
      try initializer.record(
        $0, at: site, name: "\(name)/weight", element, shape, fan: fan, seed: seed)
    }
    bias =
      hasBias
      ? try graph.variable("\(name)/bias", fileID: fileID, line: line) {
        try Initializer.zeros.record(
          $0, at: site, name: "\(name)/bias", element, [Dimension(outputs)], fan: fan, seed: seed)
      } : nil
  }

  public var variables: [Variable] { [weight] + (bias.map { [$0] } ?? []) }

  /// The layer applied to `x`, f32[…, inputs]; gives f32[…, outputs].
  ///
  /// - Throws: `shape-mismatch` where the last size is not `inputs`.
  public func callAsFunction(
    _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
  ) throws -> Value {
    let product = try matmul(
      x, weight.read(fileID: fileID, line: line), fileID: fileID, line: line)
    guard let bias else { return product }
    let shift = try bias.read(fileID: fileID, line: line)
    let site = CallSite(fileID: fileID, line: line)
    return try x.graph.apply1(
      Add(), [product, broadcast(shift, to: product, fileID: fileID, line: line)], site: site)
  }
}
