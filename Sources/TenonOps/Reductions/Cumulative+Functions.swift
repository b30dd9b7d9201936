import TenonGraph
import TenonTensor

extension Value {
  /// The value combined along an axis by a named binary op.
  fileprivate func cumulative(
    _ name: String, by op: any Op, from initial: Value, axis: Int, isExclusive: Bool,
    isReversed: Bool, site: CallSite
  ) throws -> Value {
    let cumulative = Cumulative(
      axis: try self.axis(axis, of: name, site: site), isExclusive: isExclusive,
      isReversed: isReversed)
    return try graph.apply1(
      cumulative, [self, initial], regions: [graph.combiner(op, elementType)], site: site)
  }
}

/// At each place along an axis, the sum of the elements up to and including it.
///
/// - Parameters:
///   - isExclusive: leaves the element at the place itself out.
///   - isReversed: starts from the end.
/// - Throws: `axis` or `element-type`.
public func cumulativeSum(
  _ x: Value, axis: Int, isExclusive: Bool = false, isReversed: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.cumulative(
    "cumulativeSum", by: Add(), from: x.graph.scalar(0, x.elementType, site: site), axis: axis,
    isExclusive: isExclusive, isReversed: isReversed, site: site)
}

/// At each place along an axis, the product of the elements up to and including it.
///
/// - Parameters:
///   - isExclusive: leaves the element at the place itself out.
///   - isReversed: starts from the end.
/// - Throws: `axis` or `element-type`.
public func cumulativeProduct(
  _ x: Value, axis: Int, isExclusive: Bool = false, isReversed: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.cumulative(
    "cumulativeProduct", by: Multiply(), from: x.graph.scalar(1, x.elementType, site: site),
    axis: axis,
    isExclusive: isExclusive, isReversed: isReversed, site: site)
}

/// At each place along an axis, the largest element of the elements up to and including it.
///
/// - Parameters:
///   - isExclusive: leaves the element at the place itself out.
///   - isReversed: starts from the end.
/// - Throws: `axis` or `element-type`.
public func cumulativeMaximum(
  _ x: Value, axis: Int, isExclusive: Bool = false, isReversed: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.cumulative(
    "cumulativeMaximum", by: Maximum(),
    from: x.graph.extreme(x.elementType, isLargest: false, site: site), axis: axis,
    isExclusive: isExclusive, isReversed: isReversed, site: site)
}

/// At each place along an axis, the smallest element of the elements up to and including it.
///
/// - Parameters:
///   - isExclusive: leaves the element at the place itself out.
///   - isReversed: starts from the end.
/// - Throws: `axis` or `element-type`.
public func cumulativeMinimum(
  _ x: Value, axis: Int, isExclusive: Bool = false, isReversed: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.cumulative(
    "cumulativeMinimum", by: Minimum(),
    from: x.graph.extreme(x.elementType, isLargest: true, site: site), axis: axis,
    isExclusive: isExclusive, isReversed: isReversed, site: site)
}
