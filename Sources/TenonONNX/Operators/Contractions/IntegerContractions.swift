import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `MatMulInteger`.
  static let matmulOfIntegers = ONNXOperator("MatMulInteger", since: [10]) { node in
    try node.integerMatmul(
      node.input(0), node.input(1), zeroPoint: node.optionalInput(2),
      otherZeroPoint: node.optionalInput(3))
  }

  /// `QLinearMatMul`: sums of i32, brought to the result's scale, rounded half to even, saturated.
  static let quantizedMatmul = ONNXOperator("QLinearMatMul", since: [10, 21]) { node in
    let (a, b) = (try node.input(0), try node.input(3))
    let sums = try node.integerMatmul(
      a, b, zeroPoint: node.optionalInput(2), otherZeroPoint: node.optionalInput(5))
    let scales = [
      try node.input(1).parameter(of: sums.shape, axis: sums.rank - 2, node),
      try node.input(4).parameter(of: sums.shape, axis: sums.rank - 1, node),
    ]
    return try node.requantized(sums, scales, node.input(6), node.optionalInput(7))
  }
}

extension ONNXNode {
  /// The sums of i32 of a matrix product of bytes less their zero points, which may be those of the
  /// left one's rows and the right one's columns.
  func integerMatmul(_ a: Value, _ b: Value, zeroPoint: Value?, otherZeroPoint: Value?) throws
    -> Value
  {
    let x = try a.difference(zeroPoint, axis: a.rank - 2, self)
    let y = try b.difference(otherZeroPoint, axis: b.rank - 1, self)
    if x.rank >= 1, y.rank == 2 {
      return try dotGeneral(
        x, y, lhsContracting: [x.rank - 1], rhsContracting: [0], result: .i32)
    }
    return try matmul(convert(x, to: .i32), convert(y, to: .i32))
  }

  /// Sums times scales over the result's scale, rounded half to even, plus its zero point, brought
  /// into the range of its type.
  func requantized(_ sums: Value, _ scales: [Value], _ scale: Value, _ zeroPoint: Value?) throws
    -> Value
  {
    let type = zeroPoint?.elementType ?? operandType(0)
    try require(type.isInteger && type.bitWidth <= 8, "the result must be i8 or u8, not \(type)")
    let divisor = try convert(scale.single(self), to: .f32).repeated(to: sums.shape)
    let wide = try scales.map { try convert($0, to: .f32) }
    let factor = try wide[0] * wide[1] / divisor
    var result = try round(convert(sums, to: .f32) * factor)
    if let zeroPoint {
      result = try result + convert(zeroPoint.single(self), to: .f32).repeated(to: sums.shape)
    }
    return try convert(result, to: type)
  }

  private func operandType(_ position: Int) -> ElementType {
    (try? input(position).elementType) ?? .u8
  }
}

extension Value {
  /// The one number of a parameter, as rank 0.
  func single(_ node: ONNXNode) throws -> Value {
    try node.require(
      shape.elementCount == 1, "a scale or zero point must be one number, not \(shape)")
    return rank == 0 ? self : try reshape(self, [])
  }

  /// A parameter repeated to a shape: one number, one for each index of an axis, or a shape that
  /// broadcasts.
  func parameter(of shape: Shape, axis: Int, _ node: ONNXNode) throws -> Value {
    if self.shape.elementCount == 1 { return try single(node).repeated(to: shape) }
    if rank == 1 {
      try node.require(
        axis >= 0 && self.shape[0] == shape[axis],
        "a parameter must have one number, or \(axis < 0 ? 1 : shape[axis]), not \(self.shape)")
      return try repeated(to: shape, along: axis)
    }
    return try broadcast(self, to: shape)
  }

  /// Bytes less their zero point, in i16, which is exact; bytes without one stay bytes of i16 too so
  /// that both operands of a contraction have one type.
  func difference(_ zeroPoint: Value?, axis: Int, _ node: ONNXNode) throws -> Value {
    try node.require(
      elementType.isInteger && elementType.bitWidth <= 8,
      "takes i8 or u8, not \(elementType)")
    let wide = try convert(self, to: .i16)
    guard let zeroPoint else { return wide }
    let known = try node.importer.constants.tensor(zeroPoint)
    if let known, try known.integers().allSatisfy({ $0 == 0 }) { return wide }
    return try wide - convert(zeroPoint, to: .i16).parameter(of: shape, axis: axis, node)
  }
}
