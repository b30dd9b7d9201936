import TenonGraph
import TenonTensor

/// The row-major places of the elements that are not zero, in ascending order and followed by
/// zeros, and how many they are. NaN is not zero.
public struct Nonzero: CompositeOp {
  public static let name = "nonzero"
  public static let signature = Signature(["x"], ["places", "count"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.require(
      !x.element.isStorageOnly, "element-type", "is not defined for \(x.element)")
    return [.tensor(.i64, [x.shape.elementCount]), .tensor(.i64, .scalar)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let count = operands[0].shape.elementCount
    let x = try reshape(operands[0], [count])
    let isChosen = try x.elementType == .bool ? x : notEqual(x, 0)
    let ones = try convert(isChosen, to: .i64)
    let numbers = try cumulativeSum(ones, axis: 0)
    // The others go to a place outside.
    let outside = try broadcast(graph.size(count), to: [count])
    let targets = try select(isChosen, numbers - 1, outside)
    let places = try scatter(
      broadcast(graph.scalar(0, .i64), to: [count]), targets, graph.iota(.i64, [count]))
    return [places, try sum(ones)]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }

  public static var samples: Samples {
    Samples { element in
      let shapes: [Shape] = [[7], [3, 5], [], [0], [2, 0, 3], [4, 67]]
      return shapes.map { shape in
        Samples.Case(
          Nonzero(), [TensorType(element, shape)],
          record: { graph, values in
            // Numbers that are drawn are seldom 0.
            let x = try element == .bool ? values[0] : maximum(values[0], 0)
            return try graph.apply(Nonzero(), [x], site: CallSite())
          })
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        Nonzero(), [Tensor([1, 0, 1, 1] as [Float])],
        gives: [Tensor([0, 2, 3, 0] as [Int64]), Tensor(Int64(3))],
        source: "ONNX, NonZero, by its example"),
      Example(
        Nonzero(), [Tensor([0, .nan, -0.0, -.infinity] as [Float])],
        gives: [Tensor([1, 3, 0, 0] as [Int64]), Tensor(Int64(2))],
        source: "by hand: NaN is not zero, -0 is"),
    ]
  }
}

/// The index of each element that is not zero, in row-major order: i64 of shape [n, rank of x], with
/// `name` as the size n that a run decides.
///
/// - Throws: `symbol-conflict` where the graph has a size of that name, `symbol-name`,
///   `size-unbounded` where the shape has no largest size.
public func nonzero(
  _ x: Value, _ name: String, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let (places, _) = try nonzeroPlaces(x, name, fileID: fileID, line: line)
  var columns: [Value] = []
  for (axis, size) in x.shape.enumerated() {
    let stride = x.shape.dimensions[(axis + 1)...].reduce(1, *)
    let column = try places / broadcast(x.graph.size(stride), to: places.shape)
    columns.append(
      axis == 0
        ? column : try remainder(column, broadcast(x.graph.size(size), to: places.shape)))
  }
  guard !columns.isEmpty else { return try reshape(places, [places.shape[0], 0]) }
  return try stack(columns, axis: 1, fileID: fileID, line: line)
}

/// The row-major places of the elements that are not zero, ascending: i64 of shape [n], with `name`
/// as the size n that a run decides.
///
/// - Throws: as `nonzero(_:_:)`.
public func nonzeroPlaces(
  _ x: Value, _ name: String, fileID: StaticString = #fileID, line: UInt = #line
) throws -> (places: Value, count: Dimension) {
  let site = CallSite(fileID: fileID, line: line)
  let count = x.shape.elementCount
  guard let bound = count.upperBound else { throw TenonError.unboundedSize("nonzero", x, site) }
  let flat = try reshape(x, [count], fileID: fileID, line: line)
  // Room for as many as there may be.
  let padded =
    try count.isConstant
    ? flat : pad(flat, low: [0], high: [Dimension(bound) - count], fileID: fileID, line: line)
  let found = try x.graph.apply(Nonzero(), [padded], site: site)
  let size = try runningSize(found[1], name, maximum: bound, fileID: fileID, line: line)
  return (try slice(found[0], axis: 0, from: 0, to: size, fileID: fileID, line: line), size)
}
