import TenonGraph
import TenonOps
import TenonTensor

// The rules of `SimplifyViews` for views that take tensors apart and put them together.

/// A slice of a slice is one slice.
struct ComposeSlices: RewriteRule {
  static let name = "compose-slices"
  static let ops = OpSelection.types(Slice.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let outer = site.op as? Slice,
      let (inner, node) = site.producer(site.operand(0), as: Slice.self)
    else { return nil }
    let axes = outer.starts.indices
    let starts = axes.map { inner.starts[$0] + outer.starts[$0] * Dimension(inner.strides[$0]) }
    let limits = axes.map { axis -> Dimension in
      if inner.strides[axis] == 1 { return inner.starts[axis] + outer.limits[axis] }
      // The last element taken ends the range, so that it stays inside the operand.
      let last = (outer.limits[axis] - outer.starts[axis] - 1).floorDivided(
        by: Dimension(outer.strides[axis]))
      let step = Dimension(inner.strides[axis] * outer.strides[axis])
      return Dimension.maximum(starts[axis], starts[axis] + last * step + 1)
    }
    let strides = axes.map { inner.strides[$0] * outer.strides[$0] }
    let composed = try slice(
      site.operand(0, of: node), starts: starts, limits: limits, strides: strides)
    guard site.fits(composed) else { return nil }
    return .replace(composed, because: "one slice takes both")
  }
}

/// A slice that lies in one piece of a concatenation is a slice of that piece.
struct SliceOfConcatenate: RewriteRule {
  static let name = "slice-of-concatenate"
  static let ops = OpSelection.types(Slice.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let op = site.op as? Slice,
      let (joined, node) = site.producer(site.operand(0), as: Concatenate.self),
      let start = op.starts[joined.dimension].constant,
      let limit = op.limits[joined.dimension].constant, start < limit
    else { return nil }
    let axis = joined.dimension
    var first = 0
    for position in 0..<site.graph.operandCount(node) {
      let piece = site.operand(position, of: node)
      guard let size = piece.shape[axis].constant else { return nil }
      if start >= first, limit <= first + size {
        var (starts, limits) = (op.starts, op.limits)
        starts[axis] = Dimension(start - first)
        limits[axis] = Dimension(limit - first)
        let taken = try slice(piece, starts: starts, limits: limits, strides: op.strides)
        return site.fits(taken)
          ? .replace(taken, because: "it lies in piece \(position)") : nil
      }
      first += size
    }
    return nil
  }
}

/// A concatenation of neighbouring slices of one value is one slice of it.
struct ConcatenateSlices: RewriteRule {
  static let name = "concatenate-slices"
  static let ops = OpSelection.types(Concatenate.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let op = site.op as? Concatenate, site.operandCount > 1,
      let (first, node) = site.producer(site.operand(0), as: Slice.self)
    else { return nil }
    let x = site.operand(0, of: node)
    var limits = first.limits
    for position in 0..<site.operandCount {
      guard let (piece, node) = site.producer(site.operand(position), as: Slice.self),
        site.operand(0, of: node).id == x.id, piece.strides.allSatisfy({ $0 == 1 })
      else { return nil }
      for axis in limits.indices where axis != op.dimension {
        guard piece.starts[axis] == first.starts[axis], piece.limits[axis] == first.limits[axis]
        else { return nil }
      }
      if position > 0 {
        guard piece.starts[op.dimension] == limits[op.dimension] else { return nil }
        limits[op.dimension] = piece.limits[op.dimension]
      }
    }
    let whole = try slice(x, starts: first.starts, limits: limits)
    return site.fits(whole) ? .replace(whole, because: "the pieces are neighbours") : nil
  }
}

/// A concatenation leaves out pieces without elements.
struct DropEmptyPieces: RewriteRule {
  static let name = "drop-empty-pieces"
  static let ops = OpSelection.types(Concatenate.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let op = site.op as? Concatenate else { return nil }
    let pieces = site.operands.filter { $0.shape[op.dimension] != 0 }
    guard !pieces.isEmpty, pieces.count < site.operandCount else { return nil }
    let joined = try site.graph.apply1(op, pieces, site: CallSite())
    return site.fits(joined)
      ? .replace(joined, because: "a piece has no elements") : nil
  }
}

/// Reversing twice reverses the axes that only one of both does.
struct ReverseTwice: RewriteRule {
  static let name = "reverse-twice"
  static let ops = OpSelection.types(Reverse.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let outer = site.op as? Reverse,
      let (inner, node) = site.producer(site.operand(0), as: Reverse.self)
    else { return nil }
    let axes =
      outer.dimensions.filter { !inner.dimensions.contains($0) }
      + inner.dimensions.filter { !outer.dimensions.contains($0) }
    let x = site.operand(0, of: node)
    if axes.isEmpty { return .replace(x, because: "the second reversal undoes the first") }
    let reversed = try site.graph.apply1(Reverse(dimensions: axes), [x], site: CallSite())
    return .replace(reversed, because: "one reversal does both")
  }
}
