import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators of classic machine learning on numbers (`ai.onnx.ml`).
  static let classic: [ONNXOperator] = [
    ONNXOperator("ArrayFeatureExtractor", domain: "ai.onnx.ml", since: [1]) { node in
      let (x, places) = (try node.input(0), try node.input(1))
      try node.require(x.rank >= 1, "the input must have rank 1 or more")
      let flat = try TenonOps.reshape(places, [places.shape.elementCount])
      let result = try take(x, flat, axis: -1)
      // A vector's elements come as a row.
      return x.rank > 1 ? result : try TenonOps.reshape(result, [1, result.shape[0]])
    },
    ONNXOperator("Binarizer", domain: "ai.onnx.ml", since: [1]) { node in
      let x = try node.input(0)
      let type: ElementType = x.elementType.isFloat ? x.elementType : .f64
      let isOver = try greater(convert(x, to: type), node.float("threshold", default: 0))
      return try convert(isOver, to: x.elementType)
    },
    labelEncoder,
    treeEnsemble,
  ]

  /// `LabelEncoder` of numbers: each key's value, the last of equal keys winning.
  private static let labelEncoder = ONNXOperator(
    "LabelEncoder", domain: "ai.onnx.ml", since: [2, 4]
  ) { node in
    let x = try node.input(0)
    let keys = try node.labels("keys")
    let values = try node.labels("values")
    try node.require(
      keys.elementType == x.elementType, "keys of \(keys.elementType) do not fit the input")
    try node.require(
      keys.elementCount == values.elementCount && keys.elementCount <= 4096,
      "needs as many keys as values, and at most 4096")
    let fallback: Tensor
    if let given = try node.tensor("default_tensor") {
      fallback = try given.reshaped([])
    } else if values.elementType.isFloat {
      let number = try node.float("default_float", default: -0.0)
      fallback = try Tensor(values.elementType, shape: [], doubles: [number])
    } else {
      let number = try node.integer("default_int64", default: -1)
      fallback = try Tensor(values.elementType, shape: [], integers: [Int64(number)])
    }
    let count = keys.elementCount
    if count == 0 { return try node.graph.constant(fallback).repeated(to: x.shape) }
    // Places of the keys that match; of those the last.
    let wide = Shape(x.shape.dimensions + [Dimension(count)])
    let elements = try node.graph.apply1(
      BroadcastInDim(shape: wide, dimensions: Array(0..<x.rank)), [x], site: CallSite())
    let candidates = try node.graph.apply1(
      BroadcastInDim(shape: wide, dimensions: [x.rank]), [node.graph.constant(keys)],
      site: CallSite())
    var matches = try equal(elements, candidates)
    if x.elementType.isFloat {
      let areNaN = try and(notEqual(elements, elements), notEqual(candidates, candidates))
      matches = try or(matches, areNaN)
    }
    let places = try node.graph.iota(.i64, wide, dimension: x.rank)
    let place = try maximum(
      select(matches, places, places.filled(-1, site: CallSite())), axes: [x.rank])
    let found = try take(node.graph.constant(values), maximum(place, 0))
    let others = try node.graph.constant(fallback).repeated(to: x.shape)
    return try select(greaterOrEqual(place, 0), found, others)
  }
}

extension ONNXNode {
  /// The one of the attributes `…_tensor`, `…_int64s` and `…_floats` that is given.
  fileprivate func labels(_ name: String) throws -> Tensor {
    if let tensor = try tensor("\(name)_tensor"), tensor.elementType != .string {
      return try tensor.reshaped([tensor.elementCount])
    }
    if let integers = try integers("\(name)_int64s") { return Tensor(integers.map { Int64($0) }) }
    if let floats = try floats("\(name)_floats") { return Tensor(floats.map { Float($0) }) }
    throw fail("\(name) must be numbers; strings are not supported")
  }
}
