import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators of `com.microsoft` on integers with scales.
  static let contribQuantized: [ONNXOperator] = [
    contrib("DynamicQuantizeMatMul") { node in
      let (bytes, scale, zero) = try node.input(0).dynamicallyQuantized()
      let sums = try node.integerMatmul(
        bytes, node.input(1), zeroPoint: zero, otherZeroPoint: node.optionalInput(3))
      return try node.scaled(sums, scale, node.input(2), bias: node.optionalInput(4))
    },
    contrib("MatMulIntegerToFloat") { node in
      let sums = try node.integerMatmul(
        node.input(0), node.input(1), zeroPoint: node.optionalInput(4),
        otherZeroPoint: node.optionalInput(5))
      return try node.scaled(
        sums, node.input(2), node.input(3), bias: node.optionalInput(6))
    },
    contrib("MatMulNBits", packedMatmul),
    contrib("QGemm", quantizedGemm),
    contrib("QLinearAveragePool") { node in
      try node.poolingQuantized { x in
        let (windows, roundsUp) = try node.poolingWindows(x)
        return try averagePool(
          x, window: windows.sizes, strides: windows.strides, padding: windows.padding,
          dilation: windows.dilation, roundsUp: roundsUp,
          countsPadding: node.flag("count_include_pad"))
      }
    },
  ]

  /// `QGemm`: a product of bytes with a bias of i32; floats where no result scale is given.
  private static let quantizedGemm: @Sendable (ONNXNode) throws -> Value = { node in
    func operand(_ position: Int, _ name: String) throws -> Value {
      let x = try node.input(position)
      try node.require(x.rank == 2, "A and B must be matrices")
      return try node.flag(name) ? transpose(x, [1, 0]) : x
    }
    var sums = try node.integerMatmul(
      operand(0, "transA"), operand(3, "transB"), zeroPoint: node.optionalInput(2),
      otherZeroPoint: node.optionalInput(5))
    if let bias = try node.optionalInput(6) {
      sums = try sums + TenonOps.broadcast(convert(bias, to: .i32), to: sums)
    }
    let alpha = try node.float("alpha", default: 1)
    let scale = try node.input(1).single(node) * alpha
    guard let result = try node.optionalInput(7) else {
      return try node.scaled(sums, scale, node.input(4), bias: nil)
    }
    let scales = [
      try scale.repeated(to: sums.shape),
      try node.input(4).parameter(of: sums.shape, axis: 1, node),
    ]
    return try node.requantized(sums, scales, result, node.optionalInput(8))
  }

  /// `MatMulNBits`: a product with a weight of 2, 4 or 8 bits in blocks, packed in bytes, the first
  /// number in the lowest bits.
  private static let packedMatmul: @Sendable (ONNXNode) throws -> Value = { node in
    let (x, packed, scale) = (try node.input(0), try node.input(1), try node.input(2))
    guard let depth = try node.integer("K"), let columns = try node.integer("N"),
      let block = try node.integer("block_size"), depth > 0, columns > 0, block >= 16,
      depth < 1 << 31, columns < 1 << 31, block < 1 << 20
    else { throw node.fail("K, N and block_size must be given, the block of at least 16") }
    let bits = try node.integer("bits", default: 4)
    try node.require([2, 4, 8].contains(bits), "bits must be 2, 4 or 8, not \(bits)")
    try node.require(!node.has(4), "g_idx is not supported")
    let blocks = (depth + block - 1) / block
    let rows = Dimension(columns)
    let all: Shape = [rows, Dimension(blocks * block)]
    let bytes = try TenonOps.reshape(packed, [rows, Dimension(blocks * block * bits / 8)])
    let weight = try bytes.unpacked(bits)
    let scales = try TenonOps.reshape(scale, [rows, Dimension(blocks)])
    var zero = try x.graph.scalar(1 << (bits - 1), .u8).repeated(to: scales.shape)
    var wide = try convert(scales, to: .f32)
    var matrix: Value
    if let given = try node.optionalInput(3), given.elementType.isFloat {
      let shape: Shape = [rows, Dimension(blocks), Dimension(block)]
      let number = try TenonOps.reshape(convert(weight, to: .f32), shape)
      let origin = try TenonOps.reshape(convert(given, to: .f32), scales.shape)
      func each(_ value: Value) throws -> Value {
        try value.graph.apply1(
          BroadcastInDim(shape: shape, dimensions: [0, 1]), [value], site: CallSite())
      }
      matrix = try TenonOps.reshape((number - each(origin)) * each(wide), all)
    } else {
      if let given = try node.optionalInput(3) {
        let size = (blocks * bits + 7) / 8
        let numbers = try TenonOps.reshape(given, [rows, Dimension(size)]).unpacked(bits)
        zero = try slice(numbers, axis: 1, from: 0, to: Dimension(blocks))
      }
      wide = try convert(scales, to: .f32)
      matrix = try dequantize(weight, scale: wide, zeroPoint: zero, axis: 1, blockSize: block)
    }
    if blocks * block != depth {
      matrix = try slice(matrix, axis: 1, from: 0, to: Dimension(depth))
    }
    let product = try linear(
      x, convert(matrix, to: x.elementType),
      bias: node.optionalInput(5).map { try convert($0, to: x.elementType) })
    return product
  }
}

extension ONNXNode {
  /// Input 0 times the scale after it, less the zero point after that.
  private func dequantizedInput() throws -> Value {
    try dequantize(
      input(0), scale: input(1).single(self), zeroPoint: optionalInput(2)?.single(self))
  }

  /// A value over the scale at input 3, with the zero point after it, as bytes.
  private func requantizedResult(_ x: Value) throws -> Value {
    let zero = try optionalInput(4)?.single(self)
    return try quantize(
      x, to: zero?.elementType ?? input(0).elementType, scale: input(3).single(self),
      zeroPoint: zero)
  }

  /// A pooling of a dequantized input, channels first or last.
  fileprivate func poolingQuantized(_ pool: (Value) throws -> Value) throws -> Value {
    let x = try dequantizedInput()
    try require(x.rank >= 3, "the input must have rank 3 or more")
    guard try flag("channels_last") else { return try requantizedResult(pool(x)) }
    let last = x.rank - 1
    let first = try transpose(x, [0, last] + Array(1..<last))
    let result = try transpose(pool(first), [0] + Array(2...last) + [1])
    return try requantizedResult(result)
  }

  /// Sums of i32 times the scales of both operands, plus a bias.
  fileprivate func scaled(_ sums: Value, _ scale: Value, _ other: Value, bias: Value?) throws
    -> Value
  {
    let factors = [
      try scale.parameter(of: sums.shape, axis: sums.rank - 2, self),
      try other.parameter(of: sums.shape, axis: sums.rank - 1, self),
    ]
    let type = other.elementType
    let wide = try factors.map { try convert($0, to: .f32) }
    let result = try convert(convert(sums, to: .f32) * (wide[0] * wide[1]), to: type)
    guard let bias else { return result }
    return try result + TenonOps.broadcast(bias, to: result)
  }
}

extension Value {
  /// Bytes of u8 with the scale and zero point that the elements' range, 0 included, asks for.
  fileprivate func dynamicallyQuantized() throws -> (Value, Value, Value) {
    let least = try minimum(minimum(self, axes: nil), 0)
    let greatest = try maximum(maximum(self, axes: nil), 0)
    let range = try (greatest - least) / 255
    // Zeros alone have no range; any scale does.
    let scale = try select(equal(range, 0), range.filled(1, site: CallSite()), range)
    let zero = try convert(round(clamp(-least / scale, 0, 255)), to: .u8)
    return (try quantize(self, to: .u8, scale: scale, zeroPoint: zero), scale, zero)
  }

  /// Numbers of few bits along the last axis of bytes, as u8.
  fileprivate func unpacked(_ bits: Int) throws -> Value {
    if bits == 8 { return self }
    let states = 1 << bits
    let parts = try (0..<8 / bits).map { place in
      let moved = place == 0 ? self : try self / (1 << (place * bits))
      return try remainder(moved, moved.filled(states, site: CallSite()))
    }
    let count = shape[rank - 1] * Dimension(8 / bits)
    return try reshape(stack(parts, axis: rank), Shape(shape.dropLast() + [count]))
  }
}
