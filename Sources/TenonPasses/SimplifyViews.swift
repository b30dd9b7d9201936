import TenonGraph
import TenonOps
import TenonTensor

/// Composes transposes, reshapes and broadcasts, drops those that change nothing, and does
/// arithmetic on repeated numbers before it repeats them.
///
/// Before: `%a = transpose<[1, 0]>(%x); %b = transpose<[1, 0]>(%a); %c = reshape(reshape(%b))`
/// After:  `%c = reshape(%x)`
///
/// After the algebraic rules, which bring views together, and before merging.
public struct SimplifyViews: GraphPass {
  public static let name = "simplify-views"
  public init() {}

  public func run(_ context: PassContext) throws {
    try context.rewrite(with: [
      DropView(), ComposeTransposes(), TransposeOfUnitAxes(), ComposeReshapes(),
      ComposeBroadcasts(), TransposeOfBroadcast(), ReshapeOfRepeatedScalar(),
      BroadcastOfReshape(), ArithmeticOfRepeatedScalars(), ComposeSlices(),
      SliceOfConcatenate(), ConcatenateSlices(), DropEmptyPieces(), ReverseTwice(),
    ])
  }
}

/// A view that leaves shape and order as they are is its operand.
struct DropView: RewriteRule {
  static let name = "drop-view"
  static let ops = OpSelection.types(
    Transpose.self, Reshape.self, BroadcastInDim.self, Slice.self, Pad.self, Reverse.self,
    Concatenate.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let x = site.operand(0)
    guard site.fits(x) else { return nil }
    let changesNothing =
      switch site.op {
      case is Reshape: true
      case let op as Transpose: op.permutation == Array(0..<x.rank)
      case let op as BroadcastInDim: op.dimensions == Array(0..<x.rank)
      case let op as Slice:
        op.starts.allSatisfy { $0 == 0 } && op.strides.allSatisfy { $0 == 1 }
      case let op as Pad:
        (op.low + op.high).allSatisfy { $0 == 0 } && op.interior.allSatisfy { $0 == 0 }
      case let op as Reverse: op.dimensions.allSatisfy { x.shape[$0] == 1 }
      case is Concatenate: site.operandCount == 1
      default: false
      }
    return changesNothing ? .replace(x, because: "it changes neither shape nor order") : nil
  }
}

/// A transpose of a transpose is one transpose.
struct ComposeTransposes: RewriteRule {
  static let name = "compose-transposes"
  static let ops = OpSelection.types(Transpose.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let outer = site.op as? Transpose,
      let (inner, node) = site.producer(site.operand(0), as: Transpose.self)
    else { return nil }
    let permutation = outer.permutation.map { inner.permutation[$0] }
    return .replace(
      try transpose(site.operand(0, of: node), permutation), because: "one transpose does both")
  }
}

/// A transpose that moves only axes of size 1 is a reshape.
struct TransposeOfUnitAxes: RewriteRule {
  static let name = "transpose-of-unit-axes"
  static let ops = OpSelection.types(Transpose.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let op = site.op as? Transpose else { return nil }
    let x = site.operand(0)
    let moved = op.permutation.filter { x.shape[$0] != 1 }
    guard moved == moved.sorted() else { return nil }
    return .replace(
      try reshape(x, site.result().shape), because: "only axes of size 1 change places")
  }
}

/// A reshape of a reshape is one reshape.
struct ComposeReshapes: RewriteRule {
  static let name = "compose-reshapes"
  static let ops = OpSelection.types(Reshape.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let (_, node) = site.producer(site.operand(0), as: Reshape.self) else { return nil }
    return .replace(
      try reshape(site.operand(0, of: node), site.result().shape), because: "one reshape does both")
  }
}

/// A broadcast of a broadcast is one broadcast.
struct ComposeBroadcasts: RewriteRule {
  static let name = "compose-broadcasts"
  static let ops = OpSelection.types(BroadcastInDim.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let outer = site.op as? BroadcastInDim,
      let (inner, node) = site.producer(site.operand(0), as: BroadcastInDim.self)
    else { return nil }
    let op = BroadcastInDim(
      shape: outer.shape, dimensions: inner.dimensions.map { outer.dimensions[$0] })
    return .replace(
      try site.graph.apply1(op, [site.operand(0, of: node)], site: CallSite()),
      because: "one broadcast does both")
  }
}

/// A transpose of a broadcast is a broadcast to other axes.
struct TransposeOfBroadcast: RewriteRule {
  static let name = "transpose-of-broadcast"
  static let ops = OpSelection.types(Transpose.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let outer = site.op as? Transpose,
      let (inner, node) = site.producer(site.operand(0), as: BroadcastInDim.self)
    else { return nil }
    let inverse = outer.inverse
    let op = BroadcastInDim(
      shape: site.result().shape, dimensions: inner.dimensions.map { inverse[$0] })
    return .replace(
      try site.graph.apply1(op, [site.operand(0, of: node)], site: CallSite()),
      because: "the broadcast writes the axes in order")
  }
}

/// A reshape of one repeated element is that element repeated to the shape.
struct ReshapeOfRepeatedScalar: RewriteRule {
  static let name = "reshape-of-repeated-scalar"
  static let ops = OpSelection.types(Reshape.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let scalar = site.repeatedScalar(site.operand(0)) else { return nil }
    return .replace(
      try broadcast(scalar, to: site.result().shape), because: "all elements are the same one")
  }
}

/// A broadcast of a reshape that only adds axes of size 1 is a broadcast of its operand.
struct BroadcastOfReshape: RewriteRule {
  static let name = "broadcast-of-reshape"
  static let ops = OpSelection.types(BroadcastInDim.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let outer = site.op as? BroadcastInDim,
      let (inner, node) = site.producer(site.operand(0), as: Reshape.self)
    else { return nil }
    let x = site.operand(0, of: node)
    var places: [Int] = []
    for (axis, size) in inner.shape.enumerated() {
      if places.count < x.rank, x.shape[places.count] == size {
        places.append(axis)
      } else if size != 1 {
        return nil
      }
    }
    guard places.count == x.rank else { return nil }
    let op = BroadcastInDim(
      shape: outer.shape, dimensions: places.map { outer.dimensions[$0] })
    return .replace(
      try site.graph.apply1(op, [x], site: CallSite()), because: "the reshape only adds unit axes")
  }
}

/// Elementwise arithmetic on repeated scalars is done on the scalars, then repeated.
struct ArithmeticOfRepeatedScalars: RewriteRule {
  static let name = "arithmetic-of-repeated-scalars"
  static let ops = OpSelection {
    $0 is any ElementwiseUnary || $0 is any ElementwiseBinary || $0 is Compare || $0 is Convert
  }

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let result = site.result()
    guard result.rank > 0 else { return nil }
    var scalars: [Value] = []
    for position in 0..<site.operandCount {
      guard let scalar = site.repeatedScalar(site.operand(position)) else { return nil }
      scalars.append(scalar)
    }
    let once = try site.graph.applyAny(site.op, scalars, site: CallSite())[0]
    return .replace(
      try broadcast(once, to: result.shape), because: "every element is the same")
  }
}

extension RewriteSite {
  /// The value of rank 0 that every element of `value` is, where it is one repeated.
  fileprivate func repeatedScalar(_ value: Value) -> Value? {
    guard let (_, node) = producer(value, as: BroadcastInDim.self) else { return nil }
    let x = operand(0, of: node)
    return x.rank == 0 ? x : nil
  }
}
