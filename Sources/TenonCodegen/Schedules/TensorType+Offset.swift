import TenonGraph
import TenonTensor

extension TensorType {
  /// Elements from the start of the tensor's memory to the element at `indices`, as its layout
  /// says; row-major without one.
  package func offset(_ indices: [IndexExpression]) -> IndexExpression {
    precondition(indices.count == rank, "internal: an index of another rank")
    guard let layout else { return rowMajorOffset(indices, Array(shape)) }
    var places: [IndexExpression] = []
    var sizes: [Dimension] = []
    for part in layout.parts {
      let index = indices[part.axis]
      guard let block = part.block.map({ Dimension($0) }) else {
        places.append(index)
        sizes.append(shape[part.axis])
        continue
      }
      places.append(
        part.isInner
          ? index.remainder(by: block, extents: { _ in nil })
          : index.floorDivided(by: block, extents: { _ in nil }))
      sizes.append(part.isInner ? block : shape[part.axis].ceilingDivided(by: block))
    }
    return rowMajorOffset(places, sizes)
  }

  /// Elements of the tensor's memory, the padding of its layout included.
  var storedCount: Dimension {
    guard let layout else { return shape.elementCount }
    return layout.parts.reduce(1) { count, part in
      guard let block = part.block else { return count * shape[part.axis] }
      return count
        * (part.isInner ? Dimension(block) : shape[part.axis].ceilingDivided(by: Dimension(block)))
    }
  }
}

extension IndexExpression {
  /// The expression with the divisions done that the sizes of axes decide.
  func simplified(_ extents: (Int) -> Dimension?) -> IndexExpression {
    isAffine
      ? self
      : substituting(axis: { .axis($0) }, scalar: { .scalar($0) }, extents: extents)
  }
}

/// The row-major offset of an index under sizes.
func rowMajorOffset(_ indices: [IndexExpression], _ sizes: [Dimension]) -> IndexExpression {
  var offset = IndexExpression(0)
  var stride = Dimension(1)
  for axis in indices.indices.reversed() {
    offset = offset + indices[axis] * stride
    stride = stride * sizes[axis]
  }
  return offset
}
