import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit

/// Records random graphs that are full of what passes look for: neutral constants, chains of views,
/// repeated work, composites, and gradients.
struct RandomGraph {
  private var random: SplitMix
  private let graph: Graph
  private var values: [Value] = []

  static func record(seed: UInt64, nodes: Int) throws -> Graph {
    var recorder = RandomGraph(random: SplitMix(seed: seed), graph: Graph("random"))
    return try recorder.record(nodes)
  }

  private mutating func record(_ nodes: Int) throws -> Graph {
    let rows = Dimension(.bound("rows"))
    values = [
      try graph.input("a", .f32, [2, 3]), try graph.input("b", .f32, [2, 3]),
      try graph.input("c", .i32, [2, 3]), try graph.input("d", .f16, [3]),
      try graph.input("e", .f32, [rows, 3]), try graph.input("p", .bool, [2, 3]),
    ]
    let inputs = values
    for _ in 0..<nodes { if let value = try next() { values.append(value) } }
    for place in 0..<min(8, values.count) {
      try graph.output("y\(place)", values[values.count - 1 - place])
    }
    if pick(2) == 0 { try differentiate(inputs) }
    graph.finishRecording()
    return graph
  }

  private mutating func differentiate(_ inputs: [Value]) throws {
    let floats = values.dropFirst(inputs.count).filter(\.elementType.isFloat)
    guard let target = floats.last else { return }
    let wrt = [inputs[0], inputs[1]]
    for (place, d) in try gradients(of: target, wrt: wrt).enumerated() {
      try graph.output("d\(place)", d)
    }
  }

  private mutating func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

  private mutating func any() -> Value { values[pick(values.count)] }

  /// One more value; nil where the drawn op does not fit the drawn operands.
  private mutating func next() throws -> Value? {
    let x = any()
    switch pick(8) {
    case 0, 1: return try arithmetic(x)
    case 2: return try withConstant(x)
    case 3, 4: return try view(x)
    case 5: return try unary(x)
    case 6: return try selection(x)
    default: return try larger(x)
    }
  }

  private mutating func arithmetic(_ x: Value) throws -> Value? {
    guard x.elementType != .bool else { return nil }
    let y = values.last { $0.type == x.type && pick(2) == 0 } ?? x
    switch pick(6) {
    case 0: return try x + y
    case 1: return try x - y
    case 2: return try x * y
    case 3: return try maximum(x, y)
    case 4: return try minimum(x, y)
    default: return try x / y
    }
  }

  private mutating func withConstant(_ x: Value) throws -> Value? {
    guard x.elementType != .bool else { return nil }
    let number = [0.0, -0.0, 1, 2, -1][pick(5)]
    switch pick(5) {
    case 0: return try x + number
    case 1: return try x - number
    case 2: return try number * x
    case 3: return try x / (number == 0 ? 1 : number)
    default: return try pow(x, number.magnitude)
    }
  }

  private mutating func view(_ x: Value) throws -> Value? {
    switch pick(7) {
    case 0: return x.rank > 1 ? try transpose(x) : nil
    case 1: return try reshape(x, Shape([1] + x.shape.dimensions))
    case 2: return try reshape(x, Shape([x.shape.elementCount]))
    case 3: return x.rank < 3 ? try broadcast(x, to: Shape([2] + x.shape.dimensions)) : nil
    case 4:
      guard x.rank > 0, let size = x.shape[0].constant, size > 1 else { return nil }
      return try slice(x, axis: 0, from: Dimension(pick(2)), to: Dimension(size))
    case 5: return x.rank > 0 ? try concatenate([x, x], axis: 0) : nil
    default:
      return x.rank > 0
        ? try graph.apply1(Reverse(dimensions: [0]), [x], site: CallSite()) : nil
    }
  }

  private mutating func unary(_ x: Value) throws -> Value? {
    switch pick(6) {
    case 0:
      if x.elementType == .bool { return nil }
      return try -x
    case 1: return x.elementType.isFloat ? try exp(x) : nil
    case 2:
      return try convert(x, to: [.f32, .f16, .f64, .i32, .i8, .bool, .bf16][pick(7)])
    case 3: return x.elementType == .bool ? try graph.apply1(Not(), [x], site: CallSite()) : nil
    case 4: return x.elementType.isFloat ? try graph.apply1(Abs(), [x], site: CallSite()) : nil
    default: return x.elementType.isFloat ? try relu(x) : nil
    }
  }

  private mutating func selection(_ x: Value) throws -> Value? {
    let y = values.last { $0.type == x.type && pick(2) == 0 } ?? x
    let predicate =
      try values.last { $0.type == .tensor(.bool, x.shape) && pick(2) == 0 } ?? less(x, y)
    return pick(2) == 0 ? predicate : try select(predicate, x, y)
  }

  private mutating func larger(_ x: Value) throws -> Value? {
    guard x.elementType.isFloat, x.rank > 0 else { return nil }
    let y = values.last { $0.type == x.type && pick(2) == 0 } ?? x
    switch pick(8) {
    case 4: return try branch(x, y)
    case 5:
      let results = try scan([sum(x, axes: [0])], over: [x, y]) { carried, slices in
        ([try carried[0] * 0.5 + slices[0]], [try carried[0] + slices[1], slices[1]])
      }
      return pick(2) == 0 ? results.carried[0] : results.stacked[pick(2)]
    case 6:
      return try whileLoop(
        [x, graph.scalar(0, .i32), y], maximumTrips: 4, condition: { try less($0[1], 3) },
        body: { [try $0[0] * 0.5 + $0[2], try $0[1] + 1, $0[2]] })[pick(2) * 2]
    case 7: return try graph.checkpoint { [try x * y, try -x] }[0]
    case 0: return try sum(x, axes: [0])
    case 1: return try maximum(x, axes: [-1], keepingAxes: true)
    case 2: return try softmax(x)
    default: return x.rank == 2 ? try matmul(x, transpose(x)) : nil
    }
  }

  private mutating func branch(_ x: Value, _ y: Value) throws -> Value {
    let predicate =
      pick(2) == 0
      ? try graph.constant(Tensor(pick(2) == 0))
      : try reshape(
        slice(less(reshape(x, Shape([x.shape.elementCount])), 0), axis: 0, from: 0, to: 1), [])
    let results = try conditional(
      predicate, onTrue: { [try x + y, try x * 2, x] }, onFalse: { [y, try -x, try y - x] })
    return results[pick(3)]
  }
}
