import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that ask for shapes or change them.
  static let shapes: [ONNXOperator] = [
    concat,
    constant,
    constantOfShape,
    depthToSpace,
    expand,
    flatten,
    reshape,
    shape,
    size,
    spaceToDepth,
    split,
    squeeze,
    tile,
    transpose,
    unsqueeze,
  ]

  private static let flatten = ONNXOperator(
    "Flatten", since: [1, 9, 11, 13, 21, 23, 24, 25]
  ) { node in
    let x = try node.input(0)
    let given = try node.integer("axis", default: 1)
    let axis = given == x.rank ? given : try node.axis(given, rank: x.rank)
    let sizes = x.shape.dimensions
    return try TenonOps.reshape(
      x, [Shape(Array(sizes[..<axis])).elementCount, Shape(Array(sizes[axis...])).elementCount])
  }

  /// `Squeeze`: without axes, all that are known to have size 1.
  private static let squeeze = ONNXOperator(
    "Squeeze", since: [1, 11, 13, 21, 23, 24, 25]
  ) { node in
    let x = try node.input(0)
    let removed: [Int]
    if let given = try node.integers("axes", orInput: 1, since: 13) {
      removed = try node.axes(given, rank: x.rank)
    } else {
      try node.require(
        x.shape.allSatisfy(\.isConstant), "axes must be given where sizes are not known")
      removed = x.shape.indices.filter { x.shape[$0] == 1 }
    }
    for axis in removed where x.shape[axis].isConstant {
      try node.require(
        x.shape[axis] == 1, "axis \(axis) of size \(x.shape[axis]) cannot be removed; only 1 can")
    }
    let kept = x.shape.indices.filter { !removed.contains($0) }
    return try TenonOps.reshape(x, Shape(kept.map { x.shape[$0] }))
  }

  private static let unsqueeze = ONNXOperator(
    "Unsqueeze", since: [1, 11, 13, 21, 23, 24, 25]
  ) { node in
    let x = try node.input(0)
    guard let given = try node.integers("axes", orInput: 1, since: 13) else {
      throw node.fail("axes are missing")
    }
    let rank = x.rank + given.count
    let added = try node.axes(given, rank: rank)
    var rest = x.shape.dimensions[...]
    return try TenonOps.reshape(
      x, Shape((0..<rank).map { added.contains($0) ? 1 : rest.removeFirst() }))
  }

  private static let transpose = ONNXOperator(
    "Transpose", since: [1, 13, 21, 23, 24, 25]
  ) { node in
    let x = try node.input(0)
    return try TenonOps.transpose(
      x, node.axes(node.integers("perm") ?? x.shape.indices.reversed(), rank: x.rank))
  }

  private static let expand = ONNXOperator("Expand", since: [8, 13]) { node in
    let x = try node.input(0)
    return try broadcast(x, to: node.broadcastShape([x.shape, Shape(node.sizes(1))]))
  }

  /// `Tile`: each axis repeated as a whole.
  private static let tile = ONNXOperator("Tile", since: [1, 6, 13]) { node in
    let x = try node.input(0)
    var repeats = try node.sizes(1)
    if node.version < 6 {
      let axes = try node.integers(2)
      try node.require(repeats.count == 1 && axes.count == 1, "takes one axis and one number")
      let axis = try node.axis(axes[0], rank: x.rank)
      repeats = x.shape.indices.map { $0 == axis ? repeats[0] : 1 }
    }
    try node.require(
      repeats.count == x.rank, "needs one number for each of the \(x.rank) axes, not \(repeats)")
    if repeats.allSatisfy({ $0 == 1 }) { return x }
    var (whole, apart): ([Dimension], [Dimension]) = ([], [])
    for axis in x.shape.indices {
      if repeats[axis] != 1 {
        whole.append(repeats[axis])
        apart.append(1)
      }
      whole.append(x.shape[axis])
      apart.append(x.shape[axis])
    }
    let repeated = try broadcast(TenonOps.reshape(x, Shape(apart)), to: Shape(whole))
    return try TenonOps.reshape(
      repeated, Shape(x.shape.indices.map { x.shape[$0] * repeats[$0] }))
  }

  private static let concat = ONNXOperator("Concat", since: [1, 4, 11, 13]) { node in
    let inputs = try node.inputs()
    try node.require(!inputs.isEmpty, "needs at least one input")
    guard let axis = try node.integer("axis") ?? (node.version < 4 ? 1 : nil) else {
      throw node.fail("attribute axis is missing")
    }
    return try concatenate(inputs, axis: node.axis(axis, rank: inputs[0].rank))
  }

  /// `Split`: by sizes, or in equal parts, of which from version 18 on the last may be smaller.
  private static let split = ONNXOperator(many: "Split", since: [1, 2, 11, 13, 18]) { node in
    let x = try node.input(0)
    let axis = try node.axis(node.integer("axis", default: 0), rank: x.rank)
    let whole = x.shape[axis]
    var parts: [Dimension]
    if node.version != 2, node.version != 11, node.has(1) {
      parts = try node.sizes(1)
    } else if node.version < 13, let given = try node.integers("split") {
      parts = given.map { Dimension($0) }
    } else {
      let count = try node.integer("num_outputs") ?? node.outputCount
      try node.require(count > 0 && count <= 1 << 16, "cannot be split in \(count) parts")
      let part = whole.ceilingDivided(by: Dimension(count))
      parts = Array(repeating: part, count: count - 1)
      parts.append(whole - part * Dimension(count - 1))
      try node.require(
        node.version >= 18 || !whole.isConstant || parts.last == part,
        "axis \(axis) of size \(whole) cannot be split in \(count) equal parts")
    }
    let total = parts.reduce(Dimension(0), +)
    try node.require(
      total == whole || !(total - whole).isConstant,
      "the parts \(parts) are not the size \(whole) of axis \(axis) together")
    var start = Dimension(0)
    return try parts.map { part in
      defer { start = start + part }
      return try TenonOps.slice(x, axis: axis, from: start, to: start + part)
    }
  }

  // MARK: Questions

  private static let shape = ONNXOperator(
    "Shape", since: [1, 13, 15, 19, 21, 23, 24, 25]
  ) { node in
    let x = try node.input(0)
    func place(_ name: String, _ missing: Int) throws -> Int {
      let given = try node.integer(name, default: missing)
      return max(0, min(x.rank, given < 0 ? given + x.rank : given))
    }
    let (start, end) = (try place("start", 0), try place("end", x.rank))
    return try node.vector(Array(x.shape.dimensions[start..<max(start, end)]))
  }

  private static let size = ONNXOperator("Size", since: [1, 13, 19, 21, 23, 24, 25]) { node in
    try node.graph.size(node.input(0).shape.elementCount)
  }

  private static let constantOfShape = ONNXOperator(
    "ConstantOfShape", since: [9, 20, 21, 23, 24, 25]
  ) { node in
    let fill = try node.tensor("value") ?? Tensor([0] as [Float])
    try node.require(fill.elementCount == 1, "attribute value must hold one element")
    let scalar = try node.graph.constant(fill.reshaped([]))
    return try broadcast(scalar, to: Shape(node.sizes(0)))
  }

  // MARK: Blocks

  private static let depthToSpace = ONNXOperator(
    "DepthToSpace", since: [1, 11, 13, 28]
  ) { node in
    let (x, block) = try node.blocks()
    let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let depth = c.floorDivided(by: block * block)
    let isColumnFirst = try node.columnsFirst()
    let apart = try TenonOps.reshape(
      x, isColumnFirst ? [n, depth, block, block, h, w] : [n, block, block, depth, h, w])
    let ordered = try TenonOps.transpose(
      apart, isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2])
    return try TenonOps.reshape(ordered, [n, depth, h * block, w * block])
  }

  private static let spaceToDepth = ONNXOperator("SpaceToDepth", since: [1, 13, 28]) { node in
    let (x, block) = try node.blocks()
    let (n, c) = (x.shape[0], x.shape[1])
    let (h, w) = (x.shape[2].floorDivided(by: block), x.shape[3].floorDivided(by: block))
    let apart = try TenonOps.reshape(x, [n, c, h, block, w, block])
    let ordered = try TenonOps.transpose(
      apart, node.columnsFirst() ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4])
    return try TenonOps.reshape(ordered, [n, c * block * block, h, w])
  }
}

extension ONNXNode {
  /// Sizes as a vector of i64 whose elements stay known.
  func vector(_ sizes: [Dimension]) throws -> Value {
    let numbers = sizes.compactMap(\.constant)
    if numbers.count == sizes.count {
      return try graph.constant(Tensor(numbers.map { Int64($0) }, shape: [sizes.count]))
    }
    return try stack(sizes.map { try graph.size($0) })
  }

  fileprivate func blocks() throws -> (Value, Dimension) {
    let x = try input(0)
    let block = try integer("blocksize") ?? 0
    try require(x.rank == 4, "the input must have rank 4")
    try require(block > 0, "attribute blocksize must be over 0")
    return (x, Dimension(block))
  }

  /// Whether channels are taken column first (`CRD`), not depth first.
  fileprivate func columnsFirst() throws -> Bool {
    let mode = try string("mode", default: "DCR")
    try require(mode == "DCR" || mode == "CRD", "mode must be DCR or CRD, not \(mode)")
    return mode == "CRD"
  }
}
