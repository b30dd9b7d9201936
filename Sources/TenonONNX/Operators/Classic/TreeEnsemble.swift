import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `TreeEnsemble`: the leaves that rows reach in trees of comparisons, combined for each target.
  ///
  /// All trees are walked at once, a level a step.
  static let treeEnsemble = ONNXOperator("TreeEnsemble", domain: "ai.onnx.ml", since: [5]) { node in
    let x = try node.input(0)
    try node.require(x.rank == 2, "the input must have rank 2")
    let trees = try TreeTables(node, x.elementType)
    let transform = try node.integer("post_transform", default: 0)
    try node.require(
      (0...2).contains(transform), "post_transform \(transform) is not supported; 0 to 2 are")
    let shape = Shape([x.shape[0], Dimension(trees.roots.elementCount)])
    var places = try node.graph.apply1(
      BroadcastInDim(shape: shape, dimensions: [1]), [node.graph.constant(trees.roots)],
      site: CallSite())
    for _ in 0..<trees.depth { places = try trees.step(places, x) }
    let result = try trees.combined(places, node.integer("aggregate_function", default: 1))
    switch transform {
    case 1: return try softmax(result, axis: 1)
    case 2: return try sigmoid(result)
    default: return result
    }
  }
}

/// The nodes of the trees, their leaves after them, as tables.
private struct TreeTables {
  let node: ONNXNode
  let type: ElementType
  let roots: Tensor
  /// The most comparisons from a root to a leaf.
  let depth: Int
  private let features: [Int64]
  private let modes: [Int64]
  private let splits: Tensor
  private let onTrue: [Int64]
  private let onFalse: [Int64]
  private let isNaNTrue: [Bool]
  /// The members that each node asks for, all as long as the longest, NaN at the end.
  private let members: [[Double]]
  private let weights: Tensor
  private let targets: [Int64]
  private let targetCount: Int

  init(_ node: ONNXNode, _ type: ElementType) throws {
    func integers(_ name: String) throws -> [Int] {
      guard let found = try node.integers(name) else {
        throw node.fail("attribute \(name) is missing")
      }
      return found
    }
    func tensor(_ name: String) throws -> Tensor {
      guard let found = try node.tensor(name) else {
        throw node.fail("attribute \(name) is missing")
      }
      return found
    }
    self.node = node
    self.type = type
    let features = try integers("nodes_featureids")
    let count = features.count
    let modes = try tensor("nodes_modes").integers()
    let splits = try tensor("nodes_splits").doubles()
    let weights = try tensor("leaf_weights").doubles()
    let targets = try integers("leaf_targetids")
    let targetCount = try node.integer("n_targets", default: 1)
    self.targetCount = targetCount
    let leaves = weights.count
    func next(_ ids: String, _ areLeaves: String) throws -> [Int] {
      let (ids, areLeaves) = (try integers(ids), try integers(areLeaves))
      try node.require(
        ids.count == count && areLeaves.count == count, "nodes_* must have one length")
      return try zip(ids, areLeaves).map { id, isLeaf in
        try node.require(
          id >= 0 && id < (isLeaf == 0 ? count : leaves), "branch \(id) is out of range")
        return isLeaf == 0 ? id : count + id
      }
    }
    let onTrue = try next("nodes_truenodeids", "nodes_trueleafs")
    let onFalse = try next("nodes_falsenodeids", "nodes_falseleafs")
    let nan = try node.integers("nodes_missing_value_tracks_true") ?? features.map { _ in 0 }
    let roots = try integers("tree_roots")
    try node.require(
      modes.count == count && splits.count == count && nan.count == count
        && targets.count == leaves, "nodes_* and leaf_* must have one length each")
    try node.require(
      features.allSatisfy { $0 >= 0 } && targets.allSatisfy { $0 >= 0 && $0 < targetCount }
        && roots.allSatisfy { $0 >= 0 && $0 < count } && modes.allSatisfy { (0...6).contains($0) },
      "a feature, target, root or mode is out of range")
    depth = try TreeTables.depth(node, roots, onTrue, onFalse, count)
    let own = (count..<count + leaves).map { Int64($0) }
    let none = [Int64](repeating: 0, count: leaves)
    self.roots = Tensor(roots.map { Int64($0) })
    self.features = features.map { Int64($0) } + none
    self.modes = modes + none
    self.splits = try Tensor(
      type, shape: [count + leaves], doubles: splits + none.map { Double($0) })
    self.onTrue = onTrue.map { Int64($0) } + own
    self.onFalse = onFalse.map { Int64($0) } + own
    isNaNTrue = nan.map { $0 != 0 } + none.map { _ in false }
    self.weights = try Tensor(
      type, shape: [count + leaves], doubles: features.map { _ in 0 } + weights)
    self.targets = features.map { _ in 0 } + targets.map { Int64($0) }
    let listed = try node.tensor("membership_values")?.doubles() ?? []
    var sets = listed.split(omittingEmptySubsequences: false) { $0.isNaN }.map(Array.init)[...]
    members = try (modes + none).map { mode in
      guard mode == 6 else { return [] }
      guard let set = sets.popFirst() else { throw node.fail("membership_values are too few") }
      return set
    }
  }

  /// - Throws: `model-node` where nodes lead to themselves.
  private static func depth(
    _ node: ONNXNode, _ roots: [Int], _ onTrue: [Int], _ onFalse: [Int], _ count: Int
  ) throws -> Int {
    var level = roots
    var depth = 0
    while !level.isEmpty {
      depth += 1
      try node.require(depth <= min(count, 256), "a tree is a circle or deeper than 256 nodes")
      let next = Set(level.flatMap { [onTrue[$0], onFalse[$0]] })
      level = next.filter { $0 < count }.sorted()
    }
    return depth
  }

  private func table(_ numbers: [Int64], _ places: Value) throws -> Value {
    try take(node.graph.constant(Tensor(numbers)), places)
  }

  /// The places after one more comparison; leaves stay.
  func step(_ places: Value, _ x: Value) throws -> Value {
    let value = try takeAlong(x, table(features, places), axis: 1)
    let split = try take(node.graph.constant(splits), places)
    let mode = try table(modes, places)
    var holds = try lessOrEqual(value, split)
    for kind in Set(modes).sorted() where kind != 0 {
      let answer: Value
      switch kind {
      case 1: answer = try less(value, split)
      case 2: answer = try greaterOrEqual(value, split)
      case 3: answer = try greater(value, split)
      case 4: answer = try equal(value, split)
      case 5: answer = try notEqual(value, split)
      default: answer = try isMember(value, places)
      }
      holds = try select(equal(mode, Int(kind)), answer, holds)
    }
    if isNaNTrue.contains(true) {
      let tracks = try notEqual(table(isNaNTrue.map { $0 ? 1 : 0 }, places), 0)
      holds = try or(holds, and(tracks, notEqual(value, value)))
    }
    return try select(holds, table(onTrue, places), table(onFalse, places))
  }

  private func isMember(_ value: Value, _ places: Value) throws -> Value {
    let width = members.map(\.count).max() ?? 0
    let numbers = members.flatMap { $0 + [Double](repeating: .nan, count: width - $0.count) }
    let table = try Tensor(type, shape: [members.count, width], doubles: numbers)
    let sets = try take(node.graph.constant(table), places)
    let repeated = try node.graph.apply1(
      BroadcastInDim(shape: sets.shape, dimensions: [0, 1]), [value], site: CallSite())
    return try any(equal(repeated, sets), axes: [2])
  }

  /// The weights of the leaves reached, combined for each target.
  func combined(_ places: Value, _ function: Int) throws -> Value {
    let weight = try take(node.graph.constant(weights), places)
    let shape = Shape(places.shape.dimensions + [Dimension(targetCount)])
    func wide(_ value: Value) throws -> Value {
      try node.graph.apply1(
        BroadcastInDim(shape: shape, dimensions: [0, 1]), [value], site: CallSite())
    }
    let isTarget = try equal(
      wide(table(targets, places)), node.graph.iota(.i64, shape, dimension: 2))
    func part(_ number: Double) throws -> Value {
      let repeated = try wide(weight)
      return try select(isTarget, repeated, repeated.filled(number, site: CallSite()))
    }
    switch function {
    case 0: return try sum(part(0), axes: [1]) / roots.elementCount
    case 1: return try sum(part(0), axes: [1])
    case 2: return try minimum(part(.infinity), axes: [1])
    case 3: return try maximum(part(-.infinity), axes: [1])
    default: throw node.fail("aggregate_function must be 0 to 3, not \(function)")
    }
  }
}
