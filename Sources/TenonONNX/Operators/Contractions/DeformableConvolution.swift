import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `DeformConv`, over two spatial axes: each tap of the kernel reads at its place moved by an
  /// offset, between elements by linear interpolation, outside zeros.
  static let deformableConvolution = ONNXOperator("DeformConv", since: [19, 22]) { node in
    let (x, kernel, offset) = (try node.input(0), try node.input(1), try node.input(2))
    try node.require(
      x.rank == 4 && kernel.rank == 4 && offset.rank == 4, "takes two spatial axes")
    let window = try node.window(of: kernel)
    let windows = try node.windows(window, over: Array(x.shape.dropFirst(2)))
    let groups = Dimension(try node.integer("group", default: 1))
    let parts = Dimension(try node.integer("offset_group", default: 1))
    let (batch, channels, outputs) = (x.shape[0], x.shape[1], kernel.shape[0])
    let taps = Dimension(window[0] * window[1])
    let (height, width) = (offset.shape[2], offset.shape[3])
    let places = height * width
    let inner = channels.floorDivided(by: parts)
    // (batch, parts, taps, 2, places)
    let moves = try TenonOps.reshape(offset, [batch, parts, taps, 2, places])
    func coordinate(_ axis: Int) throws -> Value {
      let shape: Shape = [batch, parts, taps, places]
      let moved = try TenonOps.reshape(
        slice(moves, axis: 3, from: Dimension(axis), to: Dimension(axis + 1)), shape)
      let tap = try x.graph.iota(.i32, [taps])
      let place = try x.graph.iota(.i32, [places])
      let side = try x.graph.size(width, .i32)
      let other = Dimension(window[1])
      let inKernel =
        try axis == 0
        ? tap / other.constant! : remainder(tap, tap.filled(window[1], site: CallSite()))
      let along = try side.repeated(to: [places])
      let outside = try axis == 0 ? place / along : remainder(place, along)
      let start =
        try (inKernel * windows.dilation[axis]).repeated(to: shape, along: 2)
        + (outside * windows.strides[axis]).repeated(to: shape, along: 3)
      let wide = moved.elementType.computeType
      return try convert(moved, to: wide) + convert(start, to: wide) - windows.padding[axis][0]
    }
    let corners = try BilinearCorners(
      coordinate(0), coordinate(1), height: x.shape[2], width: x.shape[3], keepsEdge: false)
    let flat = try TenonOps.reshape(
      convert(x, to: x.elementType.computeType),
      [batch, parts, inner, x.shape[2] * x.shape[3]])
    let shape: Shape = [batch, parts, inner, taps * places]
    var columns: Value?
    for (index, weight) in corners.all {
      func spread(_ value: Value) throws -> Value {
        let joined = try TenonOps.reshape(value, [batch, parts, taps * places])
        return try joined.graph.apply1(
          BroadcastInDim(shape: shape, dimensions: [0, 1, 3]), [joined], site: CallSite())
      }
      let part = try takeAlong(flat, spread(index), axis: 3) * spread(weight)
      columns = try columns.map { try $0 + part } ?? part
    }
    guard var columns else { preconditionFailure("internal: no corners") }
    if let mask = try node.optionalInput(4) {
      let joined = try TenonOps.reshape(
        convert(mask, to: columns.elementType), [batch, parts, taps * places])
      columns =
        try columns
        * joined.graph.apply1(
          BroadcastInDim(shape: shape, dimensions: [0, 1, 3]), [joined], site: CallSite())
    }
    let (inputs, count) = (kernel.shape[1], outputs.floorDivided(by: groups))
    let product = try dotGeneral(
      convert(TenonOps.reshape(kernel, [groups, count, inputs, taps]), to: columns.elementType),
      TenonOps.reshape(columns, [batch, groups, inputs, taps, places]), lhsBatching: [0],
      rhsBatching: [1], lhsContracting: [2, 3], rhsContracting: [2, 3])
    let result = try convert(
      TenonOps.reshape(transpose(product, [2, 0, 1, 3]), [batch, outputs, height, width]),
      to: x.elementType)
    guard let bias = try node.optionalInput(3) else { return result }
    return try result + bias.repeated(to: result.shape, along: 1)
  }
}

/// The four elements of a plane around each point of fractional coordinates.
struct BilinearCorners {
  /// Places in the flattened plane, as i32, and what each counts.
  let all: [(index: Value, weight: Value)]

  /// - Parameters:
  ///   - y: from 0, at the first row's centre; floats, as x.
  ///   - keepsEdge: whether points up to one element outside count as those at the edge; else what
  ///     lies outside is zeros.
  init(_ y: Value, _ x: Value, height: Dimension, width: Dimension, keepsEdge: Bool) throws {
    let (rows, columns) = (try Side(y, height, keepsEdge), try Side(x, width, keepsEdge))
    let stride = try y.graph.size(width, .i32).repeated(to: y.shape)
    all = try rows.ends.flatMap { row in
      try columns.ends.map { column in
        (try row.index * stride + column.index, try row.weight * column.weight)
      }
    }
  }

  private struct Side {
    let ends: [(index: Value, weight: Value)]

    init(_ coordinate: Value, _ size: Dimension, _ keepsEdge: Bool) throws {
      let type = coordinate.elementType
      let graph = coordinate.graph
      let last = try graph.size(size - 1, type).repeated(to: coordinate.shape)
      let zero = try coordinate.filled(0, site: CallSite())
      var at = coordinate
      var isInside = try and(
        greaterOrEqual(at, -1), lessOrEqual(at, last + 1))
      if keepsEdge { at = try minimum(maximum(at, zero), last) }
      // What is far outside, or NaN, reads nothing.
      at = try select(isInside, at, zero)
      let low = try floor(at)
      let fraction = try at - low
      func end(_ place: Value, _ weight: Value) throws -> (index: Value, weight: Value) {
        if !keepsEdge {
          isInside = try and(greaterOrEqual(place, 0), lessOrEqual(place, last))
        }
        let counted = try select(isInside, weight, zero)
        let outside = try and(greaterOrEqual(coordinate, -1), lessOrEqual(coordinate, last + 1))
        let within = try minimum(maximum(place, zero), last)
        return (try convert(within, to: .i32), try select(outside, counted, zero))
      }
      ends = [try end(low, 1 - fraction), try end(low + 1, fraction)]
    }
  }
}
