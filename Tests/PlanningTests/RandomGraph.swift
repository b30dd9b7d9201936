import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit

/// Records a graph of random ops on small tensors with variables that are read, updated, swapped
/// and handed out.
struct RandomGraph {
  private var random: SplitMix
  private var values: [Value] = []

  static func record(_ graph: Graph, seed: UInt64) throws {
    var recorder = RandomGraph(random: SplitMix(seed: seed))
    try recorder.record(graph)
  }

  private init(random: SplitMix) { self.random = random }

  private mutating func record(_ graph: Graph) throws {
    let shapes: [Shape] = [[4, 6], [6], [4], [2, 3, 4], [4, 6], []]
    var variables: [Variable] = []
    for number in 0..<(1 + random.below(3)) {
      let shape = shapes[random.below(shapes.count)]
      variables.append(
        try graph.variable("v\(number)") {
          try broadcast($0.scalar(Float(number) + 0.5, .f32), to: shape)
        })
    }
    try graph.entry("main") {
      for number in 0..<(1 + random.below(3)) {
        values.append(
          try graph.input("x\(number)", .f32, shapes[random.below(shapes.count)]))
      }
      for variable in variables where random.below(4) > 0 { values.append(try variable.read()) }
      if random.below(2) == 0 {
        values.append(
          try graph.constant(Tensor((0..<24).map { Float($0) / 8 }, shape: [4, 6])))
      }
      for _ in 0..<(3 + random.below(25)) { try step(graph) }
      for number in 0..<(1 + random.below(4)) {
        try graph.output("y\(number)", values[random.below(values.count)])
      }
      for variable in variables where random.below(3) > 0 {
        let fitting = values.filter { $0.type == .tensor(variable.type) }
        if !fitting.isEmpty { try variable.assign(fitting[random.below(fitting.count)]) }
      }
    }
  }

  private mutating func pick() -> Value {
    // Recent values more often: long chains as well as wide graphs.
    let back = random.below(2) == 0 ? min(values.count, 4) : values.count
    return values[values.count - 1 - random.below(back)]
  }

  private mutating func step(_ graph: Graph) throws {
    let x = pick()
    switch random.below(16) {
    case 0: values.append(try maximum(x, pick(like: x)))
    case 1: values.append(try x + pick(like: x))
    case 2: values.append(try x * x.filled(0.5, site: CallSite()) - pick(like: x))
    case 3: values.append(try exp(-(x * x)))
    case 4:
      if x.rank > 0 { values.append(try transpose(x)) }
    case 5:
      if x.rank > 1 {
        values.append(try reshape(x, [x.shape.elementCount]))
      } else if x.shape == [24] {
        values.append(try reshape(x, random.below(2) == 0 ? [4, 6] : [2, 3, 4]))
      }
    case 6:
      if x.rank > 0 {
        values.append(
          try sum(x, axes: [random.below(x.rank)], keepingAxes: random.below(2) == 0))
      }
    case 7:
      if x.rank > 0 { values.append(try maximum(x, axes: [-1])) }
    case 8:
      if x.rank > 0 { values.append(try softmax(x)) }
    case 9:
      let y = pick()
      if x.rank == 2, y.rank == 2, x.shape[1] == y.shape[0] {
        values.append(try dotGeneral(x, y, lhsContracting: [1], rhsContracting: [0]))
      } else if x.rank == 2 {
        values.append(try dotGeneral(x, x, lhsContracting: [1], rhsContracting: [1]))
      }
    case 11: try branch(x, pick(like: x))
    case 12: try loop(graph, x, pick(like: x))
    case 13:
      if x.rank > 0 { try scan(x) }
    case 10:
      if x.rank == 1 { values.append(try broadcast(x, to: [3, x.shape[0]])) }
    default:
      let other = pick(like: x)
      values.append(try select(less(x, other), other, x))
    }
  }

  private mutating func branch(_ x: Value, _ y: Value) throws {
    let predicate = try less(sum(x), sum(y))
    values += try conditional(predicate) {
      let both = try x * y
      return [try exp(-(both * both)), both]
    } onFalse: {
      [y, try x + y]
    }
  }

  private mutating func loop(_ graph: Graph, _ x: Value, _ y: Value) throws {
    let isSwapping = random.below(2) == 0
    let trips = try graph.scalar(random.below(4), .i64)
    let results = try whileLoop([trips, x, y]) {
      try greater($0[0], 0)
    } body: {
      let half = try $0[1] * $0[1].filled(0.5, site: CallSite())
      return [try $0[0] - 1, isSwapping ? $0[2] : half, isSwapping ? half : try $0[2] + x]
    }
    values += results.dropFirst()
  }

  private mutating func scan(_ x: Value) throws {
    let start = try sum(x, axes: [0])
    let results = try TenonOps.scan([start], over: [x], isReversed: random.below(2) == 0) {
      carried, slices in
      let next = try carried[0] * carried[0].filled(0.5, site: CallSite()) + slices[0]
      return ([next], [try next * slices[0]])
    }
    values += results.carried + results.stacked
  }

  /// A value of the same shape: another one where there is, else itself.
  private mutating func pick(like x: Value) -> Value {
    let fitting = values.filter { $0.type == x.type }
    return fitting[random.below(fitting.count)]
  }
}
