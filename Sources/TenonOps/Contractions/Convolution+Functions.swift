import TenonGraph
import TenonTensor

/// A convolution over 1 spatial axis: (batch, features, length) with a kernel of (outputs,
/// inputs / groups, length).
///
/// - Parameter padding: zeros on each side of each spatial axis.
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func conv1d(
  _ x: Value, _ kernel: Value, bias: Value? = nil, stride: Int = 1, padding: Int = 0,
  dilation: Int = 1, groups: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let result = try convolution(
    x, kernel, strides: each(stride, 1), padding: each([padding, padding], 1),
    dilation: each(dilation, 1), groups: groups, fileID: fileID, line: line)
  return try result.adding(bias: bias, site: CallSite(fileID: fileID, line: line))
}

/// A convolution over 2 spatial axes: (batch, features, height, width) with a kernel of (outputs,
/// inputs / groups, height, width).
///
/// - Parameter padding: zeros on each side of each spatial axis.
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func conv2d(
  _ x: Value, _ kernel: Value, bias: Value? = nil, stride: Int = 1, padding: Int = 0,
  dilation: Int = 1, groups: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let result = try convolution(
    x, kernel, strides: each(stride, 2), padding: each([padding, padding], 2),
    dilation: each(dilation, 2), groups: groups, fileID: fileID, line: line)
  return try result.adding(bias: bias, site: CallSite(fileID: fileID, line: line))
}

/// A convolution over 3 spatial axes: (batch, features, depth, height, width) with a kernel of (outputs,
/// inputs / groups, depth, height, width).
///
/// - Parameter padding: zeros on each side of each spatial axis.
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func conv3d(
  _ x: Value, _ kernel: Value, bias: Value? = nil, stride: Int = 1, padding: Int = 0,
  dilation: Int = 1, groups: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let result = try convolution(
    x, kernel, strides: each(stride, 3), padding: each([padding, padding], 3),
    dilation: each(dilation, 3), groups: groups, fileID: fileID, line: line)
  return try result.adding(bias: bias, site: CallSite(fileID: fileID, line: line))
}

/// A transposed convolution over 1 spatial axis: (batch, features, length) with a kernel of
/// (inputs, outputs / groups, length); see `ConvolutionTransposed`.
///
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func convTransposed1d(
  _ x: Value, _ kernel: Value, bias: Value? = nil, stride: Int = 1, padding: Int = 0,
  outputPadding: Int = 0, dilation: Int = 1, groups: Int = 1, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    ConvolutionTransposed(
      strides: each(stride, 1), padding: each([padding, padding], 1),
      dilation: each(dilation, 1), outputPadding: each(outputPadding, 1), groups: groups),
    [x, kernel] + (bias.map { [$0] } ?? []), site: CallSite(fileID: fileID, line: line))
}

/// A transposed convolution over 2 spatial axes: (batch, features, height, width) with a kernel of
/// (inputs, outputs / groups, height, width); see `ConvolutionTransposed`.
///
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func convTransposed2d(
  _ x: Value, _ kernel: Value, bias: Value? = nil, stride: Int = 1, padding: Int = 0,
  outputPadding: Int = 0, dilation: Int = 1, groups: Int = 1, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    ConvolutionTransposed(
      strides: each(stride, 2), padding: each([padding, padding], 2),
      dilation: each(dilation, 2), outputPadding: each(outputPadding, 2), groups: groups),
    [x, kernel] + (bias.map { [$0] } ?? []), site: CallSite(fileID: fileID, line: line))
}

/// A transposed convolution over 3 spatial axes: (batch, features, depth, height, width) with a kernel of
/// (inputs, outputs / groups, depth, height, width); see `ConvolutionTransposed`.
///
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func convTransposed3d(
  _ x: Value, _ kernel: Value, bias: Value? = nil, stride: Int = 1, padding: Int = 0,
  outputPadding: Int = 0, dilation: Int = 1, groups: Int = 1, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try x.graph.apply1(
    ConvolutionTransposed(
      strides: each(stride, 3), padding: each([padding, padding], 3),
      dilation: each(dilation, 3), outputPadding: each(outputPadding, 3), groups: groups),
    [x, kernel] + (bias.map { [$0] } ?? []), site: CallSite(fileID: fileID, line: line))
}

/// The same for each of so many spatial axes.
private func each<Element>(_ element: Element, _ rank: Int) -> [Element] {
  [Element](repeating: element, count: rank)
}

extension Value {
  /// With one number for each index of axis 1 added.
  fileprivate func adding(bias: Value?, site: CallSite) throws -> Value {
    guard let bias else { return self }
    let repeated = try graph.apply1(
      BroadcastInDim(shape: shape, dimensions: [1]), [bias], site: site)
    return try graph.apply1(Add(), [self, repeated], site: site)
  }
}
