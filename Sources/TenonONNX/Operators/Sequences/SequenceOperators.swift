import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators on sequences and optionals, which exist only while importing.
  static let sequences: [ONNXOperator] = [
    ONNXOperator("ConcatFromSequence", since: [11]) { node in
      let parts = try node.sequence(0).map(node.tensor)
      try node.require(!parts.isEmpty, "needs at least one element")
      guard let given = try node.integer("axis") else {
        throw node.fail("attribute axis is missing")
      }
      if try node.flag("new_axis") {
        return try stack(parts, axis: node.axis(given, rank: parts[0].rank + 1))
      }
      return try concatenate(parts, axis: node.axis(given, rank: parts[0].rank))
    },
    ONNXOperator(values: "Optional", since: [15, 28]) { node in
      [.optional(node.has(0) ? try node.value(0) : nil)]
    },
    ONNXOperator(values: "OptionalGetElement", since: [15, 18, 28]) { node in
      guard case .optional(let element) = try node.value(0) else { return [try node.value(0)] }
      guard let element else { throw node.fail("the optional has no value") }
      return [element]
    },
    ONNXOperator("OptionalHasElement", since: [15, 18, 28]) { node in
      var has = node.has(0)
      if has, case .optional(nil) = try node.value(0) { has = false }
      return try node.graph.constant(Tensor(has))
    },
    ONNXOperator(values: "SequenceAt", since: [11]) { node in
      let values = try node.sequence(0)
      return [values[try node.position(1, count: values.count)]]
    },
    ONNXOperator(values: "SequenceConstruct", since: [11]) { node in
      [.sequence(try node.inputs().map(ONNXValue.tensor))]
    },
    ONNXOperator(values: "SequenceEmpty", since: [11]) { _ in [.sequence([])] },
    ONNXOperator(values: "SequenceErase", since: [11]) { node in
      var values = try node.sequence(0)
      let place = try node.has(1) ? node.position(1, count: values.count) : values.count - 1
      try node.require(values.indices.contains(place), "the sequence is empty")
      values.remove(at: place)
      return [.sequence(values)]
    },
    ONNXOperator(values: "SequenceInsert", since: [11]) { node in
      var values = try node.sequence(0)
      // One place more than elements: behind the last.
      let place = try node.has(2) ? node.position(2, count: values.count, more: 1) : values.count
      values.insert(try node.value(1), at: place)
      return [.sequence(values)]
    },
    ONNXOperator("SequenceLength", since: [11]) { node in
      try node.graph.constant(Tensor(Int64(node.sequence(0).count)))
    },
    sequenceMap,
    splitToSequence,
  ]

  /// `SequenceMap`: a graph recorded once for each element.
  private static let sequenceMap = ONNXOperator(values: "SequenceMap", since: [17]) { node in
    let count = try node.sequence(0).count
    let inputs = try (0..<node.inputCount).map { position -> [ONNXValue] in
      guard case .sequence(let values) = try node.value(position) else {
        return Array(repeating: try node.value(position), count: count)
      }
      try node.require(
        values.count == count, "sequences must be of one length, given \(count), \(values.count)")
      return values
    }
    let body = try node.subgraph("body")
    var results = [[ONNXValue]](repeating: [], count: body.output.count)
    for place in 0..<count {
      let values = try node.record(body, inputs.map { $0[place] })
      for (position, value) in values.enumerated() { results[position].append(value) }
    }
    return results.map(ONNXValue.sequence)
  }

  /// `SplitToSequence`: in parts of one size, the last maybe smaller, of given sizes, or of size 1.
  private static let splitToSequence = ONNXOperator(
    values: "SplitToSequence", since: [11, 24]
  ) { node in
    let x = try node.input(0)
    let axis = try node.axis(node.integer("axis", default: 0), rank: x.rank)
    var parts: [Dimension]
    if node.has(1), try node.input(1).rank == 1 {
      parts = try node.sizes(1)
    } else {
      let size = try node.has(1) ? node.integers(1)[0] : 1
      guard let whole = x.shape[axis].constant else {
        throw node.fail("axis \(axis) must have a known size, not \(x.shape[axis])")
      }
      try node.require(size > 0, "parts must be of at least one element, not \(size)")
      parts = stride(from: 0, to: whole, by: size).map { Dimension(min(size, whole - $0)) }
    }
    let dropsAxis = try !node.has(1) && !node.flag("keepdims", default: true)
    var start = Dimension(0)
    return [
      .sequence(
        try parts.map { part in
          defer { start = start + part }
          let piece = try TenonOps.slice(x, axis: axis, from: start, to: start + part)
          guard dropsAxis else { return .tensor(piece) }
          var sizes = piece.shape.dimensions
          sizes.remove(at: axis)
          return .tensor(try TenonOps.reshape(piece, Shape(sizes)))
        })
    ]
  }
}

extension ONNXNode {
  /// An element of a sequence as a tensor.
  fileprivate func tensor(_ value: ONNXValue) throws -> Value {
    guard case .tensor(let tensor) = value else {
      throw fail("elements must be tensors, not \(value.kind)")
    }
    return tensor
  }

  /// A place in a sequence; negative ones count from the end.
  fileprivate func position(_ input: Int, count: Int, more: Int = 0) throws -> Int {
    let numbers = try integers(input)
    try require(numbers.count == 1, "the position must be one integer")
    let place = numbers[0] < 0 ? numbers[0] + count : numbers[0]
    try require(
      place >= 0 && place < count + more,
      "position \(numbers[0]) is outside a sequence of \(count) elements")
    return place
  }

  /// Records a graph of the node's attributes where the node stands.
  func record(_ body: ONNXGraphProto, _ arguments: [ONNXValue]) throws -> [ONNXValue] {
    try importer.record(body, arguments, in: scope, frame)
  }
}
