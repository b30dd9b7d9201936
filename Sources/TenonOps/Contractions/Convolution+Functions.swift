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
    x, kernel, strides: [Int](repeating: stride, count: 1),
    padding: [[Int]](repeating: [padding, padding], count: 1),
    dilation: [Int](repeating: dilation, count: 1), groups: groups, fileID: fileID, line: line)
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
    x, kernel, strides: [Int](repeating: stride, count: 2),
    padding: [[Int]](repeating: [padding, padding], count: 2),
    dilation: [Int](repeating: dilation, count: 2), groups: groups, fileID: fileID, line: line)
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
    x, kernel, strides: [Int](repeating: stride, count: 3),
    padding: [[Int]](repeating: [padding, padding], count: 3),
    dilation: [Int](repeating: dilation, count: 3), groups: groups, fileID: fileID, line: line)
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
      strides: [Int](repeating: stride, count: 1),
      padding: [[Int]](repeating: [padding, padding], count: 1),
      dilation: [Int](repeating: dilation, count: 1),
      outputPadding: [Int](repeating: outputPadding, count: 1), groups: groups),
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
      strides: [Int](repeating: stride, count: 2),
      padding: [[Int]](repeating: [padding, padding], count: 2),
      dilation: [Int](repeating: dilation, count: 2),
      outputPadding: [Int](repeating: outputPadding, count: 2), groups: groups),
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
      strides: [Int](repeating: stride, count: 3),
      padding: [[Int]](repeating: [padding, padding], count: 3),
      dilation: [Int](repeating: dilation, count: 3),
      outputPadding: [Int](repeating: outputPadding, count: 3), groups: groups),
    [x, kernel] + (bias.map { [$0] } ?? []), site: CallSite(fileID: fileID, line: line))
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
