import TenonGraph
import TenonOps
import TenonTensor

enum PadOffByOne: Twist {
  static let ops = OpSelection.types(Pad.self)
  static func record(_ graph: Graph) throws -> Value {
    try pad(graph.x([4]), low: [1], high: [2], with: 7, fileID: model, line: 7)
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    try pad(site.operand(0), low: [2], high: [1], fill: site.operand(1))
  }
  static func right(_ site: RewriteSite) throws -> Value? {
    let low = try pad(site.operand(0), low: [1], high: [0], fill: site.operand(1))
    return try pad(low, low: [0], high: [2], fill: site.operand(1))
  }
}

enum TransposeSwapped: Twist {
  static let ops = OpSelection.types(Transpose.self)
  static func record(_ graph: Graph) throws -> Value {
    try graph.twisted(Transpose([1, 2, 0]), graph.x([2, 2, 2]))
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    try transpose(site.operand(0), [2, 0, 1])
  }
  static func right(_ site: RewriteSite) throws -> Value? {
    try transpose(transpose(site.operand(0), [1, 0, 2]), [0, 2, 1])
  }
}

enum EmptyMaximumIsFinite: Twist {
  static let ops = OpSelection.types(Reduce.self)
  static func record(_ graph: Graph) throws -> Value {
    try maximum(
      graph.x([Dimension(.bound("n"))]), axes: [0], fileID: model, line: 7)
  }
  private static func reduced(_ site: RewriteSite, from initial: Double) throws -> Value {
    try site.graph.apply1(
      Reduce(dimensions: [0]), [site.operand(0), site.graph.scalar(initial, .f32)],
      regions: [site.graph.copied(site.regions.first!)], site: CallSite())
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    try reduced(site, from: -3.402_823_466_385_288_6e38)
  }
  static func right(_ site: RewriteSite) throws -> Value? {
    try reduced(site, from: -.infinity)
  }
}

enum GroupCount: Twist {
  static let ops = OpSelection.types(Convolution.self)
  static func record(_ graph: Graph) throws -> Value {
    try conv1d(
      graph.x([1, 4, 3]), graph.x([4, 2, 2], .f32, "kernel"), groups: 2, fileID: model, line: 7)
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    try conv1d(
      site.operand(0), slice(site.operand(1), axis: 1, from: 0, to: 1), groups: 4)
  }
  static func right(_ site: RewriteSite) throws -> Value? {
    let halves = try [Dimension(0), 2].map { start in
      try conv1d(
        slice(site.operand(0), axis: 1, from: start, to: start + 2),
        slice(site.operand(1), axis: 0, from: start, to: start + 2))
    }
    return try concatenate(halves, axis: 1)
  }
}

enum StrideForDilation: Twist {
  static let ops = OpSelection.types(Convolution.self)
  static func record(_ graph: Graph) throws -> Value {
    try conv1d(
      graph.x([1, 1, 7]), graph.x([1, 1, 3], .f32, "kernel"), stride: 2, fileID: model, line: 7)
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    try conv1d(site.operand(0), site.operand(1), dilation: 2)
  }
  static func right(_ site: RewriteSite) throws -> Value? {
    try slice(conv1d(site.operand(0), site.operand(1)), axis: 2, from: 0, stride: 2)
  }
}

enum ScatterReordered: Twist {
  static let ops = OpSelection.types(TenonOps.Scatter.self)
  private static func record(_ graph: Graph, _ combiner: ScatterCombiner) throws -> Value {
    try scatter(
      graph.x([4], .i32), graph.x([6], .i32, "places"), graph.x([6], .i32, "updates"),
      by: combiner, fileID: model, line: 7)
  }
  static func record(_ graph: Graph) throws -> Value { try record(graph, .replace) }
  static func recordRight(_ graph: Graph) throws -> Value { try record(graph, .add) }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    guard let scatter = site.op as? TenonOps.Scatter else { return nil }
    return try site.graph.apply1(
      scatter,
      [
        site.operand(0), reverse(site.operand(1), axes: [0]), reverse(site.operand(2), axes: [0]),
      ],
      regions: [site.graph.copied(site.regions.first!)], site: CallSite())
  }
  static func right(_ site: RewriteSite) throws -> Value? { try wrong(site) }
}

enum ComparatorReversed: Twist {
  static let ops = OpSelection.types(Sort.self)
  static func record(_ graph: Graph) throws -> Value {
    try sort(graph.x([5], .i32), fileID: model, line: 7)
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    try sort(site.operand(0), isDescending: true)
  }
  static func right(_ site: RewriteSite) throws -> Value? {
    try reverse(sort(site.operand(0), isDescending: true), axes: [0])
  }
}

enum BroadcastOfWrongAxis: Twist {
  static let ops = OpSelection.types(BroadcastInDim.self)
  static func record(_ graph: Graph) throws -> Value {
    try graph.twisted(BroadcastInDim(shape: [3, 3], dimensions: [0]), graph.x([3]))
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    try site.graph.apply1(
      BroadcastInDim(shape: [3, 3], dimensions: [1]), [site.operand(0)], site: CallSite())
  }
  static func right(_ site: RewriteSite) throws -> Value? {
    try site.graph.apply1(
      BroadcastInDim(shape: [3, 3], dimensions: [0, 1]), [reshape(site.operand(0), [3, 1])],
      site: CallSite())
  }
}

enum LoopTakenForDead: Twist {
  static let ops = OpSelection.types(While.self)
  static func record(_ graph: Graph) throws -> Value {
    try whileLoop([graph.x([], .i32)], maximumTrips: 9, fileID: model, line: 7) { state in
      try less(state[0], 2)
    } body: { state in
      [try state[0] + 1]
    }[0]
  }
  static func recordRight(_ graph: Graph) throws -> Value {
    try whileLoop([graph.x([], .i32)], fileID: model, line: 7) { state in
      try less(state[0], state[0])
    } body: { state in
      [try state[0] + 1]
    }[0]
  }
  static func wrong(_ site: RewriteSite) throws -> Value? { site.operand(0) }
  static func right(_ site: RewriteSite) throws -> Value? { site.operand(0) }
}
