/// What quantizing a model did, layer by layer.
public struct QuantizationReport: Sendable {
  public struct Layer: Sendable {
    /// Where it was recorded, or its name in the model.
    public var name: String
    public var op: String
    public var weights: [Int]
    /// What its input was seen to lie between.
    public var range: ClosedRange<Float>
    /// ‖q - y‖ / ‖y‖ over all samples: y is the layer's result in f32, q that on integers of the same
    /// input.
    public var error: Double
    public var isQuantized: Bool
  }

  public struct Output: Sendable {
    public var name: String
    /// ‖q - y‖ / ‖y‖ over all samples, q with all chosen layers on integers.
    public var error: Double
  }

  public internal(set) var layers: [Layer]
  public internal(set) var outputs: [Output]
  public internal(set) var sampleCount: Int
  /// Layers with a larger error stay in f32.
  public internal(set) var maximumError: Double
}
