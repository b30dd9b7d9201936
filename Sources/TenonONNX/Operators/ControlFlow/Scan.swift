import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Scan`: a graph run over slices. Version 8 has a batch axis before all others, and each of the
  /// batch is a scan of its own.
  static let scanning = ONNXOperator(
    many: "Scan", since: [8, 9, 11, 16, 19, 21, 23, 24, 25]
  ) { node in
    let body = try node.subgraph("body")
    let slicedCount = try node.integer("num_scan_inputs") ?? 0
    if node.version < 9 {
      try node.require(!node.has(0), "lengths of sequences are not read; leave the input out")
      let inputs = try (1..<node.inputCount).map(node.input)
      return try node.batchedScan(body, inputs, slicedCount)
    }
    let inputs = try node.inputs()
    let carriedCount = inputs.count - slicedCount
    try node.require(
      slicedCount > 0 && carriedCount >= 0 && body.input.count == inputs.count
        && body.output.count >= carriedCount,
      "the body must take \(inputs.count) values and give back what is carried")
    let outputs = body.output.count - carriedCount
    let reversals = try node.places("scan_input_directions", slicedCount)
    let axes = try node.places("scan_input_axes", slicedCount)
    let sliced = try (0..<slicedCount).map { position -> Value in
      var x = inputs[carriedCount + position]
      let axis = try node.axis(axes[position], rank: x.rank)
      if axis != 0 {
        x = try TenonOps.transpose(x, [axis] + x.shape.indices.filter { $0 != axis })
      }
      return reversals[position] == 1 ? try TenonOps.reverse(x, axes: [0]) : x
    }
    let results = try node.scan(body, Array(inputs.prefix(carriedCount)), sliced)
    let turned = try node.places("scan_output_directions", outputs)
    let places = try node.places("scan_output_axes", outputs)
    let stacked = try results.dropFirst(carriedCount).enumerated().map { position, result in
      let x = turned[position] == 1 ? try TenonOps.reverse(result, axes: [0]) : result
      let axis = try node.axis(places[position], rank: x.rank)
      var order = Array(1..<x.rank)
      order.insert(0, at: axis)
      return axis == 0 ? x : try TenonOps.transpose(x, order)
    }
    return results.prefix(carriedCount) + stacked
  }
}

extension ONNXNode {
  /// A list of one integer for each, 0 where it is not given.
  fileprivate func places(_ name: String, _ count: Int) throws -> [Int] {
    let given = try integers(name) ?? Array(repeating: 0, count: count)
    try require(given.count == count, "attribute \(name) must have \(count) numbers")
    return given
  }

  /// What is carried, then what is stacked.
  fileprivate func scan(_ body: ONNXGraphProto, _ carried: [Value], _ sliced: [Value]) throws
    -> [Value]
  {
    let results = try TenonOps.scan(carried, over: sliced) { carried, slices in
      let values = try record(body, (carried + slices).map(ONNXValue.tensor))
      let tensors = try values.map { value -> Value in
        guard case .tensor(let tensor) = value else {
          throw fail("the body must give tensors, not \(value.kind)")
        }
        return tensor
      }
      return (Array(tensors.prefix(carried.count)), Array(tensors.dropFirst(carried.count)))
    }
    return results.carried + results.stacked
  }

  fileprivate func batchedScan(_ body: ONNXGraphProto, _ inputs: [Value], _ slicedCount: Int)
    throws -> [Value]
  {
    let carriedCount = inputs.count - slicedCount
    let reversals = try places("directions", slicedCount)
    guard slicedCount > 0, carriedCount >= 0, let batch = inputs[0].shape.dimensions.first?.constant
    else { throw fail("the batch must be known") }
    var results: [[Value]] = []
    for one in 0..<batch {
      let parts = try inputs.enumerated().map { position, x -> Value in
        let part = try TenonOps.slice(
          x, axis: 0, from: Dimension(one), to: Dimension(one + 1))
        let value = try TenonOps.reshape(part, Shape(Array(x.shape.dimensions.dropFirst())))
        let isReversed = position >= carriedCount && reversals[position - carriedCount] == 1
        return isReversed ? try TenonOps.reverse(value, axes: [0]) : value
      }
      results.append(
        try scan(body, Array(parts.prefix(carriedCount)), Array(parts.dropFirst(carriedCount))))
    }
    try require(!results.isEmpty, "the batch must not be empty")
    return try results[0].indices.map { position in try stack(results.map { $0[position] }) }
  }
}
