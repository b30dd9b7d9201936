import TenonGraph
import TenonTensor

/// An op that sums products of two operands: what passes need to know of one, whichever it is.
package protocol ContractionOp: PrimitiveOp {
  /// The same products, summed into numbers of another type.
  func summing(into element: ElementType) -> Self

  /// The sizes of the axes that each sum runs over.
  func summedSizes(_ lhs: Shape, _ rhs: Shape) -> [Dimension]

  /// Where an axis of operand 0 or 1 lies in the result; nil where sums run along it.
  func resultAxis(_ axis: Int, ofOperand operand: Int, _ lhs: Shape, _ rhs: Shape) -> Int?
}

extension DotGeneral: ContractionOp {
  package func summing(into element: ElementType) -> DotGeneral {
    DotGeneral(
      lhsBatching: lhsBatching, rhsBatching: rhsBatching, lhsContracting: lhsContracting,
      rhsContracting: rhsContracting, result: element)
  }

  package func summedSizes(_ lhs: Shape, _ rhs: Shape) -> [Dimension] {
    lhsContracting.map { lhs[$0] }
  }

  package func resultAxis(
    _ axis: Int, ofOperand operand: Int, _ lhs: Shape, _ rhs: Shape
  ) -> Int? {
    let rows = lhsFree(lhs.rank)
    if let batch = (operand == 0 ? lhsBatching : rhsBatching).firstIndex(of: axis) { return batch }
    if operand == 0 { return rows.firstIndex(of: axis).map { lhsBatching.count + $0 } }
    return rhsFree(rhs.rank).firstIndex(of: axis).map { lhsBatching.count + rows.count + $0 }
  }
}

extension Convolution: ContractionOp {
  package func summing(into element: ElementType) -> Convolution {
    Convolution(
      axes: axes, strides: strides, padding: padding, inputDilation: inputDilation,
      kernelDilation: kernelDilation, reversal: reversal, featureGroups: featureGroups,
      batchGroups: batchGroups, result: element)
  }

  package func summedSizes(_ lhs: Shape, _ rhs: Shape) -> [Dimension] {
    ([places.kernelInput] + places.kernelSpatial).map { rhs[$0] }
  }

  package func resultAxis(
    _ axis: Int, ofOperand operand: Int, _ lhs: Shape, _ rhs: Shape
  ) -> Int? {
    if operand == 1 { return axis == places.kernelOutput ? places.outputFeature : nil }
    return axis == places.inputBatch && batchGroups == 1 ? places.outputBatch : nil
  }
}
