import TenonGraph
import TenonTensor

/// The different elements of a vector of n, ascending or in the order in which they first come, all
/// NaN as one and last: the elements, the place where each first is, for each element of the vector
/// its place among the different ones, how often each is there, and how many there are. All but the
/// last have n elements; past that count they mean nothing. ONNX, Unique.
public struct Unique: CompositeOp {
  public static let name = "unique"
  public static let signature = Signature(
    ["x"], ["values", "places", "inverse", "occurrences", "count"])
  public let isSorted: Bool

  public init(isSorted: Bool = true) { self.isSorted = isSorted }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.tensor(0)
    try site.require(
      !x.element.isStorageOnly, "element-type", "is not defined for \(x.element)")
    try site.require(x.rank == 1, "shape-mismatch", "takes a vector, not \(x)")
    let integers = ValueType.tensor(.i64, x.shape)
    return [.tensor(x), integers, integers, integers, .tensor(.i64, .scalar)]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    let x = operands[0]
    let places = try graph.iota(.i64, x.shape)
    let zeros = try broadcast(graph.scalar(0, .i64), to: x.shape)
    let sorted = try sort(by: x, [places])
    // Equal elements are neighbours now, the first of them in front.
    let before = try pad(sorted[0], low: [1], high: [-1])
    var differs = try notEqual(sorted[0], before)
    if x.elementType.isFloat {
      differs = try and(differs, or(equal(sorted[0], sorted[0]), equal(before, before)))
    }
    let isNew = try or(differs, equal(places, 0))
    let ones = try convert(isNew, to: .i64)
    let groups = try cumulativeSum(ones, axis: 0) - 1
    let (count, far) = (try sum(ones), try broadcast(graph.size(x.shape[0]), to: x.shape))
    var first = try scatter(zeros, select(isNew, groups, far), sorted[1])
    var inverse = try scatter(zeros, sorted[1], groups)
    var occurrences = try scatter(zeros, groups, zeros + 1, by: .add)
    if !isSorted {
      let isGroup = try less(places, broadcast(count, to: x.shape))
      let ranked = try sort(by: select(isGroup, first, far), [places, first, occurrences])
      (first, occurrences) = (ranked[2], ranked[3])
      inverse = try take(pad(argSort(ranked[1]), low: [0], high: [1]), inverse)
    }
    // A vector without elements has none to take either, so there is one more.
    let values = try take(pad(x, low: [0], high: [1]), first)
    return [values, first, inverse, occurrences, count]
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] {
    guard let gradient = site.gradients[0] else { return [nil] }
    let zeros = try site.operands[0].filled(0, site: CallSite())
    return [try scatter(zeros, site.results[1], gradient, by: .add)]
  }

  public static var samples: Samples {
    Samples { element in
      [0, 1, 2, 7, 40].flatMap { size in
        [true, false].map { isSorted in
          Samples.Case(
            Unique(isSorted: isSorted), [TensorType(element, [Dimension(size)])],
            record: { graph, values in
              // Half of the elements are there twice.
              let half = try slice(values[0], axis: 0, from: 0, to: Dimension(size / 2))
              let x = try concatenate([values[0], half], axis: 0)
              return try graph.apply(Unique(isSorted: isSorted), [x], site: CallSite())
            })
        }
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        Unique(isSorted: false), [Tensor([2, 1, 1, 3, 4, 3] as [Float])],
        gives: [
          Tensor([2, 1, 3, 4, 2, 2] as [Float]), Tensor([0, 1, 3, 4, 0, 0] as [Int64]),
          Tensor([0, 1, 1, 2, 3, 2] as [Int64]), Tensor([1, 2, 2, 1, 0, 0] as [Int64]),
          Tensor(Int64(4)),
        ], source: "ONNX, test_unique_not_sorted_without_axis"),
      Example(
        Unique(), [Tensor([.nan, 0, .nan, -0.0] as [Float])],
        gives: [
          Tensor([0, .nan, .nan, .nan] as [Float]), Tensor([1, 0, 0, 0] as [Int64]),
          Tensor([1, 0, 1, 0] as [Int64]), Tensor([2, 2, 0, 0] as [Int64]), Tensor(Int64(2)),
        ], source: "by hand: NaN is one element, and zeros are equal"),
    ]
  }
}

/// The different elements of a value of any shape, as one vector; see `Unique`.
///
/// - Parameter name: the size that a run decides: how many there are.
/// - Returns: `values`, `places` and `occurrences` of that size; `inverse` of as many elements as `x`.
/// - Throws: `element-type`; `symbol-conflict` where the graph has a size of that name;
///   `size-unbounded` where the shape has no largest size.
public func unique(
  _ x: Value, isSorted: Bool = true, _ name: String, fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> (values: Value, places: Value, inverse: Value, occurrences: Value) {
  let site = CallSite(fileID: fileID, line: line)
  let count = x.shape.elementCount
  guard let bound = count.upperBound else { throw TenonError.unboundedSize("unique", x, site) }
  let flat = try reshape(x, [count], fileID: fileID, line: line)
  let found = try x.graph.apply(Unique(isSorted: isSorted), [flat], site: site)
  let size = try runningSize(found[4], name, maximum: bound, fileID: fileID, line: line)
  func part(_ whole: Value) throws -> Value {
    let padded =
      try count.isConstant
      ? whole : pad(whole, low: [0], high: [Dimension(bound) - count], fileID: fileID, line: line)
    return try slice(padded, axis: 0, from: 0, to: size, fileID: fileID, line: line)
  }
  return (try part(found[0]), try part(found[1]), found[2], try part(found[3]))
}
