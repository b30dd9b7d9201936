import TenonGraph
import TenonTensor

/// The sum along axes (all of them where none are given; negative ones count from the back).
///
/// - Parameter keepingAxes: keeps the axes with size 1.
/// - Throws: `axis`, or `element-type`.
public func sum(
  _ x: Value, axes: [Int]? = nil, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.reduced(
    by: Add(), from: x.graph.scalar(0, x.elementType, site: site), axes: axes,
    keepingAxes: keepingAxes, site: site)
}

/// The product along axes, as `sum`.
///
/// - Throws: `axis`, or `element-type`.
public func product(
  _ x: Value, axes: [Int]? = nil, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.reduced(
    by: Multiply(), from: x.graph.scalar(1, x.elementType, site: site), axes: axes,
    keepingAxes: keepingAxes, site: site)
}

/// The mean along axes, as `sum`; floats only.
///
/// - Throws: `axis`, or `element-type`.
public func mean(
  _ x: Value, axes: [Int]? = nil, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let total = try sum(x, axes: axes, keepingAxes: keepingAxes, fileID: fileID, line: line)
  let reduced = (axes ?? Array(0..<x.rank)).map { x.shape[$0 < 0 ? $0 + x.rank : $0] }
  let count = try x.graph.size(
    reduced.reduce(1, *), x.elementType, site: CallSite(fileID: fileID, line: line))
  return try x.graph.apply1(
    Divide(), [total, broadcast(count, to: total)], site: CallSite(fileID: fileID, line: line))
}

/// The largest element along axes, as `sum`; NaN if any is NaN. Without elements, minus infinity or
/// the least integer.
///
/// - Throws: `axis`, or `element-type`.
public func maximum(
  _ x: Value, axes: [Int]?, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.reduced(
    by: Maximum(), from: x.graph.extreme(x.elementType, isLargest: false, site: site), axes: axes,
    keepingAxes: keepingAxes, site: site)
}

/// The smallest element along axes, as `sum`; NaN if any is NaN. Without elements, infinity or the
/// greatest integer.
///
/// - Throws: `axis`, or `element-type`.
public func minimum(
  _ x: Value, axes: [Int]?, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.reduced(
    by: Minimum(), from: x.graph.extreme(x.elementType, isLargest: true, site: site), axes: axes,
    keepingAxes: keepingAxes, site: site)
}

extension Graph {
  /// Plus or minus infinity, or the greatest or least integer.
  func extreme(_ element: ElementType, isLargest: Bool, site: CallSite) throws -> Value {
    let tensor: Tensor
    if element.isFloat {
      tensor = try Tensor(element, shape: [], doubles: [isLargest ? .infinity : -.infinity])
    } else {
      let value = isLargest ? element.maximumInteger ?? -1 : element.minimumInteger
      tensor = try Tensor(element, shape: [], integers: [value])
    }
    return try apply1(Constant(tensor), [], site: site)
  }
}

/// Whether all elements along axes hold; of no elements true.
///
/// - Throws: `axis`, or `element-type` where the elements are no `bool`.
public func all(
  _ x: Value, axes: [Int]? = nil, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  try x.requireTruth(of: "all", site: site)
  return try x.reduced(
    by: And(), from: x.graph.scalar(1, .bool, site: site), axes: axes, keepingAxes: keepingAxes,
    site: site)
}

/// Whether any element along axes holds; of no elements false.
///
/// - Throws: `axis`, or `element-type` where the elements are no `bool`.
public func any(
  _ x: Value, axes: [Int]? = nil, keepingAxes: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  try x.requireTruth(of: "any", site: site)
  return try x.reduced(
    by: Or(), from: x.graph.scalar(0, .bool, site: site), axes: axes, keepingAxes: keepingAxes,
    site: site)
}

extension Value {
  fileprivate func requireTruth(of op: String, site: CallSite) throws {
    guard elementType == .bool else { throw TenonError.notTruth(op, self, site) }
  }
}
