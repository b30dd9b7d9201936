import TenonGraph
import TenonOps
import TenonTensor

/// A convolution over images, channels first: f32[batch, channels, height, width].
public struct Convolution2D {
  /// f32[outputs, inputs / groups, height, width].
  public let weight: Variable
  /// f32[outputs]; nil without a bias.
  public let bias: Variable?
  public let strides: [Int]
  /// Rows and columns of zeros added on each side.
  public let padding: [Int]
  public let dilation: [Int]
  public let groups: Int

  /// Declares the variables `name/weight` and `name/bias`.
  ///
  /// - Throws: `duplicate-name`.
  public init(
    _ graph: Graph, _ name: String, inputs: Int, outputs: Int, kernel: (Int, Int),
    stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
    element: ElementType = .f32, hasBias: Bool = true, initializer: Initializer = .heUniform,
    seed: UInt64 = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) throws {
    let taps = kernel.0 * kernel.1
    let site = CallSite(fileID: fileID, line: line)
    let fan = (inputs: inputs / groups * taps, outputs: outputs / groups * taps)
    let shape = Shape([outputs, inputs / groups, kernel.0, kernel.1])
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
    strides = [stride, stride]
    self.padding = [padding, padding]
    self.dilation = [dilation, dilation]
    self.groups = groups
  }

  public var variables: [Variable] { [weight] + (bias.map { [$0] } ?? []) }

  /// The layer applied to `x`, f32[batch, inputs, height, width].
  ///
  /// - Throws: `shape-mismatch` where the channels are not `inputs`.
  public func callAsFunction(
    _ x: Value, fileID: StaticString = #fileID, line: UInt = #line
  ) throws -> Value {
    let result = try convolution(
      x, weight.read(fileID: fileID, line: line), strides: strides,
      padding: padding.map { [$0, $0] }, dilation: dilation, groups: groups, fileID: fileID,
      line: line)
    guard let bias else { return result }
    let site = CallSite(fileID: fileID, line: line)
    let shift = try x.graph.apply1(
      BroadcastInDim(shape: result.shape, dimensions: [1]),
      [bias.read(fileID: fileID, line: line)], site: site)
    return try x.graph.apply1(Add(), [result, shift], site: site)
  }
}
