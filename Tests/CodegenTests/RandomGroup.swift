@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// A small group made at random, with inputs for it.
struct RandomGroup {
  var group: KernelGroup
  var inputs: [Tensor] = []
  var sizes: [Symbol: Int] = [:]
  /// What the group computes.
  var meant: [[LaneNumber]] = []

  private var generator: SeededGenerator
  private var types: [TensorType] = []

  init(seed: UInt64) throws {
    generator = SeededGenerator(seed)
    group = KernelGroup(inputs: [], outputs: [], body: .stages([]))
    try build()
    meant = try GroupReference(group: group, sizes: sizes).run(inputs)
  }

  init(group: KernelGroup, sizes: [Symbol: Int]) {
    self.group = group
    self.sizes = sizes
    generator = SeededGenerator(0)
  }

  private mutating func pick<T>(_ values: [T]) -> T { values.randomElement(using: &generator)! }
  private mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &generator) < percent
  }

  /// A size, sometimes one that is known only at run time.
  private mutating func extent(_ sizes: [Int]) -> Dimension {
    let size = pick(sizes)
    if size == 0 || !chance(25) { return Dimension(size) }
    let symbol = Symbol.running("size\(self.sizes.count)", maximum: size + pick([0, 3, 20]))
    self.sizes[symbol] = size
    return Dimension(symbol)
  }

  private func number(_ size: Dimension) -> Int { size.evaluated { sizes[$0] }! }

  private mutating func build() throws {
    let rank = pick([0, 1, 1, 2, 2, 2, 3])
    let axes = (0..<rank).map { _ in
      extent(rank > 2 ? [1, 2, 3, 5, 18] : [0, 1, 2, 3, 4, 7, 17, 40, 70])
    }
    let element = pick([ElementType.f32, .f32, .f32, .f64, .i32, .i64, .u8, .i16])
    var reduction: Compute.Reduction?
    if chance(60) {
      let sizes = (0..<pick([1, 1, 2])).map { _ in
        extent(rank > 1 ? [1, 2, 3, 4, 9, 21] : [0, 1, 3, 5, 16, 50, 150, 300])
      }
      reduction = try randomReduction(sizes, axes, element)
    }
    var program = ScalarProgram()
    var scalars: [ScalarID] = []
    if let reduction {
      scalars = reduction.values.indices.map {
        program.add(.reduced($0), reduction.program.type(reduction.values[$0]))
      }
    }
    for _ in 0..<pick([1, 2, 3]) where scalars.count < 2 || chance(60) {
      scalars.append(try load(&program, axes, element))
    }
    var result = scalars[0]
    for other in scalars.dropFirst() where program.type(other) == program.type(result) {
      result = combine(&program, result, other)
    }
    var results = [result]
    if chance(30), scalars.count > 1 { results.append(scalars.last!) }
    if chance(20), element == .f32, program.type(result) == .f32 {
      results[0] = program.add(.convert(result), pick([.f16, .bf16, .i32, .bool]))
    }
    let compute = Compute(
      axes: axes, reduction: reduction, program: program, results: results)
    let outputs = results.map { TensorType(program.type($0), Shape(axes)) }
    group = KernelGroup(
      inputs: types, outputs: outputs, body: .single(.compute(compute)))
  }

  private mutating func randomReduction(
    _ sizes: [Dimension], _ axes: [Dimension], _ element: ElementType
  ) throws -> Compute.Reduction {
    var program = ScalarProgram()
    let all = axes + sizes
    var value = try load(&program, all, element)
    if chance(60) {
      let other = try load(&program, all, element)
      value = program.add(.binary(pick([.multiply, .add, .maximum]), value, other), element)
    }
    if chance(15) {
      return argumentOfMaximum(value, program, sizes, axes.count, element)
    }
    let combiners: [Combiner] =
      element.isFloat
      ? [.sum, .sum, .sum, .maximum, .minimum, .product]
      : [.sum, .sum, .product, .maximum, .minimum, .and, .or]
    let initial = program.add(
      element.isFloat ? .float(pick([0, 1, -2])) : .integer(pick([0, 1, 5])), element)
    return Compute.Reduction(
      axes: sizes, program: program, values: [value], initial: [initial],
      combiner: pick(combiners), isOrdered: chance(20))
  }

  /// The greatest value and its index along the last reduction axis.
  private func argumentOfMaximum(
    _ value: ScalarID, _ start: ScalarProgram, _ sizes: [Dimension], _ rank: Int,
    _ element: ElementType
  ) -> Compute.Reduction {
    var program = start
    let place = program.add(.index(.axis(rank + sizes.count - 1)), .i64)
    let least = program.add(element.isFloat ? .float(-1e30) : .integer(0), element)
    let none = program.add(.integer(-1), .i64)
    var combiner = ScalarProgram()
    let a = combiner.add(.parameter(0), element)
    let i = combiner.add(.parameter(1), .i64)
    let b = combiner.add(.parameter(2), element)
    let j = combiner.add(.parameter(3), .i64)
    let isMore = combiner.add(.compare(.greater, b, a), .bool)
    let best = combiner.add(.select(isMore, b, a), element)
    let at = combiner.add(.select(isMore, j, i), .i64)
    return Compute.Reduction(
      axes: sizes, program: program, values: [value, place], initial: [least, none],
      combiner: .program(combiner, results: [best, at]))
  }

  private mutating func combine(
    _ program: inout ScalarProgram, _ a: ScalarID, _ b: ScalarID
  ) -> ScalarID {
    let type = program.type(a)
    switch pick([0, 1, 2, 3, 4]) {
    case 0:
      let isLess = program.add(.compare(pick(Comparison.allCases), a, b), .bool)
      return program.add(.select(isLess, a, b), type)
    case 1: return program.add(.binary(.multiply, a, b), type)
    case 2: return program.add(.binary(.maximum, a, b), type)
    case 3 where !type.isFloat:
      return program.add(.binary(pick([.divide, .remainder, .shiftLeft, .xor]), a, b), type)
    default: return program.add(.binary(pick([.add, .subtract]), a, b), type)
    }
  }

  /// A load of a new operand: a view, a window, a strided, divided or loaded index.
  private mutating func load(
    _ program: inout ScalarProgram, _ axes: [Dimension], _ element: ElementType
  ) throws -> ScalarID {
    var indices: [IndexExpression] = []
    var shape: [Dimension] = []
    var guards: [Guard] = []
    var order = Array(axes.indices)
    if chance(40) { order.shuffle(using: &generator) }
    for axis in order {
      let size = axes[axis]
      let index = IndexExpression.axis(axis)
      switch Int.random(in: 0..<14, using: &generator) {
      case 0: continue
      case 1:
        indices.append(index * 2 + 1)
        shape.append(size * 2 + 1)
      case 2:
        indices.append(index * -1 + (size - 1))
        shape.append(size)
      case 3 where size.isConstant:
        indices.append(index.floorDivided(by: 3, extents: { axes[$0] }))
        shape.append(size.ceilingDivided(by: 3) + 1)
      case 4 where size.isConstant:
        indices.append(index.remainder(by: 3, extents: { axes[$0] }))
        shape.append(3)
      case 5:
        indices.append(index - IndexExpression(1))
        shape.append(size)
        guards.append(.within(index - IndexExpression(1), size))
      case 6:
        let inner = index.floorDivided(by: 2, extents: { axes[$0] })
        indices.append(inner)
        shape.append(size.floorDivided(by: 2) + 1)
        guards.append(.multiple(index, of: 2))
      case 7:
        let bound = Dimension(pick([1, 3, 6]))
        let table = (0..<max(1, number(size))).map { _ in
          Int64.random(in: 0..<Int64(number(bound)), using: &generator)
        }
        let operand = add(TensorType(.i64, [Dimension.maximum(size, 1)]), Tensor(table))
        let place = program.add(
          .load(operand: operand, [index], guards: [], fill: nil), .i64)
        indices.append(.scalar(place))
        shape.append(bound)
      case 8 where order.count > 1:
        let other = order.first { $0 != axis }!
        indices.append(index + .axis(other))
        shape.append(size + axes[other])
      default:
        indices.append(index)
        shape.append(size)
      }
    }
    let type = TensorType(element, Shape(shape))
    let count = shape.reduce(1) { $0 * max(0, number($1)) }
    let tensor: Tensor
    if element.isFloat {
      tensor = try Tensor(
        element, shape: shape.map { max(0, number($0)) },
        doubles: (0..<count).map { _ in Double(Int.random(in: -50...50, using: &generator)) / 16 })
    } else {
      tensor = try Tensor(
        element, shape: shape.map { max(0, number($0)) },
        integers: (0..<count).map { _ in Int64.random(in: -9...99, using: &generator) })
    }
    let operand = add(type, tensor)
    let fill =
      guards.isEmpty
      ? nil : program.add(element.isFloat ? .float(-0.5) : .integer(3), element)
    return program.add(.load(operand: operand, indices, guards: guards, fill: fill), element)
  }

  private mutating func add(_ type: TensorType, _ tensor: Tensor) -> Int {
    types.append(type)
    inputs.append(tensor)
    return types.count - 1
  }
}
