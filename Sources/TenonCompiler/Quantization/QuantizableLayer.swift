import TenonGraph
import TenonOps
import TenonTensor

/// A contraction of a value with constant weights: what can be computed on 8-bit integers.
struct QuantizableLayer {
  let node: NodeID
  /// Where the value comes from: the layer's operand 0.
  let input: ValueID
  let weights: Tensor
  /// The axis of the weights along which results lie: each of its indices has a scale.
  let axis: Int

  /// Nil for other ops, weights that are not constant, and element types other than f32.
  init?(_ graph: Graph, _ node: NodeID) {
    guard graph.operandCount(node) >= 2, let producer = graph.producer(graph.operand(node, 1)),
      let constant = graph.op(producer) as? Constant,
      graph.type(graph.operand(node, 0)).tensor?.element == .f32,
      graph.type(graph.result(node)).tensor?.element == .f32
    else { return nil }
    let weights = constant.value.tensor
    guard weights.elementType == .f32, weights.rank >= 2, weights.elementCount > 0,
      let axis = QuantizableLayer.axis(graph.op(node), rank: weights.rank)
    else { return nil }
    self.node = node
    self.weights = weights
    self.axis = axis
    input = graph.operand(node, 0)
  }

  private static func axis(_ op: any Op, rank: Int) -> Int? {
    switch op {
    case is LinearProjection: return 0
    case is Matmul: return rank == 2 ? 1 : nil
    case let dot as DotGeneral:
      guard dot.rhsBatching.isEmpty else { return nil }
      return (0..<rank).last { !dot.rhsContracting.contains($0) }
    case let convolution as Convolution:
      // `nc01_oi01->nc01`: input, kernel, result.
      guard convolution.batchGroups == 1,
        let kernel = convolution.axes.split(separator: "_").last?.prefix(while: { $0 != "-" })
      else { return nil }
      return Array(kernel).firstIndex(of: "o")
    default: return nil
    }
  }

  /// The weights in i8 with a scale for each index of `axis` and no zero point: the largest of its
  /// numbers becomes 127 or -127.
  ///
  /// - Throws: `quantize` where a weight is not finite.
  func quantizedWeights() throws -> (codes: Tensor, scales: Tensor) {
    let numbers = try weights.scalars(as: Float.self)
    let count = weights.shape[axis]
    let inner = weights.shape[(axis + 1)...].reduce(1, *)
    var largest = [Float](repeating: 0, count: count)
    for (place, number) in numbers.enumerated() {
      guard number.isFinite else { throw TenonError.notFinite("its weights") }
      let index = place / inner % count
      largest[index] = max(largest[index], number.magnitude)
    }
    let scales = largest.map { $0 > 0 ? max($0 / 127, .leastNormalMagnitude) : 1 }
    let codes = numbers.enumerated().map { place, number -> Int8 in
      let code = (number / scales[place / inner % count]).rounded(.toNearestOrEven)
      return Int8(max(-127, min(127, code)))
    }
    return (try Tensor(codes, shape: weights.shape), Tensor(scales))
  }

  /// Records the layer's operands as 8-bit integers would give them.
  func quantizedOperands(_ graph: Graph, _ range: ActivationRange) throws -> (Value, Value) {
    let scale = try graph.scalar(Double(range.scale), .f32)
    let zero = try graph.scalar(range.zeroPoint, .u8)
    let bytes = try quantize(Value(graph, input), to: .u8, scale: scale, zeroPoint: zero)
    let (codes, scales) = try quantizedWeights()
    return (
      try dequantize(bytes, scale: scale, zeroPoint: zero),
      try dequantize(graph.constant(codes), scale: graph.constant(scales), axis: axis)
    )
  }
}

/// What a value was seen to lie between.
struct ActivationRange {
  var low: Float
  var high: Float

  /// 0 is in every range, for padding and ReLU give it exactly.
  private var low0: Float { min(0, low) }
  /// Of u8 numbers.
  var scale: Float {
    let width = max(0, high) - low0
    return width > 0 ? max(width / 255, .leastNormalMagnitude) : 1
  }
  var zeroPoint: Int { Int(max(0, min(255, (-low0 / scale).rounded(.toNearestOrEven)))) }
}

extension TenonError {
  static func notFinite(_ what: String) -> TenonError {
    TenonError("quantize", "\(what) hold infinities or NaN, which no scale can give")
  }
}
