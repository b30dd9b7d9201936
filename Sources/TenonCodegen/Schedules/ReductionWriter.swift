import TenonGraph
import TenonTensor

/// Writes the loops of a reduction. The order in which elements are combined depends on sizes and
/// target alone: partial results in a fixed number of registers, then a fixed tree.
struct ReductionWriter {
  typealias Lanes = StageWriter.Lanes

  let writer: StageWriter
  let reduction: Compute.Reduction
  var builder: KernelBuilder { writer.builder }

  /// Elements that are summed in one float before the sum joins the total.
  static let run = 256

  init(_ writer: StageWriter, _ reduction: Compute.Reduction) {
    self.writer = writer
    self.reduction = reduction
  }

  /// The combined values at a place: for each, what it is in the vector with a given number.
  func write(
    at place: AxisPlaces, _ lanes: Lanes
  ) -> [(IndexExpression) -> ValueIndex] {
    if case .reduction(let width) = writer.choice {
      let value = acrossLanes(at: place, width: width)
      return [{ _ in value }]
    }
    return inPlace(at: place, lanes)
  }

  private var ranges: [LoopRange] { writer.stage.reductionLoops.map { LoopRange($0) } }

  private func type(_ number: Int, _ lanes: Int) -> LaneType {
    LaneType(reduction.program.type(reduction.values[number]), lanes: lanes)
  }

  /// Whether partial sums join a total now and then, which keeps rounding errors small.
  private var sumsInRuns: Bool {
    reduction.combiner == .sum && !reduction.isOrdered && writer.stage.reductionBound > Self.run
      && reduction.values.allSatisfy { reduction.program.type($0).isFloat }
  }

  /// Each lane combines its own elements, one after the other.
  private func inPlace(
    at place: AxisPlaces, _ lanes: Lanes
  ) -> [(IndexExpression) -> ValueIndex] {
    let extents = lanes.vectors > 1 ? [lanes.vectors] : []
    func register(_ number: Int) -> Int {
      builder.register(type(number, lanes.lanes), extents: extents)
    }
    let totals = reduction.values.indices.map(register)
    func at(_ register: Int, _ vector: IndexExpression) -> RegisterPlace {
      RegisterPlace(register, lanes.vectors > 1 ? [vector] : [])
    }
    writer.forEachVector(lanes) { vector in
      var lowering = writer.lowering(
        reduction.program, at: writer.shifted(place, lanes, by: vector), lanes)
      for (total, value) in zip(totals, lowering.lowerWide(reduction.initial)) {
        builder.set(at(total, vector), value)
      }
    }
    func combine(_ registers: [Int], at place: AxisPlaces) {
      writer.forEachVector(lanes) { vector in
        let place = writer.shifted(place, lanes, by: vector)
        let sums = next(registers.map { at($0, vector) }, at: place, lanes)
        for (register, sum) in zip(registers, sums) { builder.set(at(register, vector), sum) }
      }
    }
    let square = transposition(lanes)
    /// Squares of elements in turn, then single ones.
    func combineAll(_ registers: [Int], over range: LoopRange, at place: AxisPlaces) {
      guard let square else {
        loops([range], at: place, in: builder) { combine(registers, at: $0) }
        return
      }
      builder.vectorLoop(range, lanes: square.lanes, unrolling: 1) { variable, _, count in
        if let count {
          let rest = LoopRange(range.loop, lower: variable, upper: variable + .scalar(count))
          loops([rest], at: place, in: builder) { combine(registers, at: $0) }
          return
        }
        writer.forEachVector(lanes) { vector in
          var place = writer.shifted(place, lanes, by: vector)
          place[square.memoryAxis] = variable
          for (index, loaded) in square.write(at: place, writer).enumerated() {
            place[square.memoryAxis] = variable + Dimension(index)
            let sums = next(registers.map { at($0, vector) }, at: place, lanes, loaded)
            for (register, sum) in zip(registers, sums) { builder.set(at(register, vector), sum) }
          }
        }
      }
    }
    if sumsInRuns {
      let partials = reduction.values.indices.map(register)
      inRuns(
        at: place, unit: 1,
        begin: {
          writer.forEachVector(lanes) { vector in
            for (number, partial) in partials.enumerated() {
              builder.set(at(partial, vector), identity(type(number, lanes.lanes)))
            }
          }
        },
        end: {
          writer.forEachVector(lanes) { vector in
            for (total, partial) in zip(totals, partials) {
              let sum = builder.binary(
                .add, builder.read(at(total, vector)), builder.read(at(partial, vector)))
              builder.set(at(total, vector), sum)
            }
          }
        },
        body: { range, place in
          combineAll(partials, over: range, at: place)
        })
    } else if let last = ranges.last {
      loops(ranges.dropLast()[...], at: place, in: builder) {
        combineAll(totals, over: last, at: $0)
      }
    } else {
      combine(totals, at: place)
    }
    return totals.map { total in { builder.read(at(total, $0)) } }
  }

  /// Loads that lie along the innermost reduction loop, where the lanes lie along another.
  private func transposition(_ lanes: Lanes) -> LaneTransposition? {
    guard let last = ranges.last?.loop, lanes.count == nil, lanes.variable != nil,
      last.bound >= lanes.lanes, let laneAxis = writer.laneAxis
    else { return nil }
    return LaneTransposition(
      writer.stage, reduction.program, wanted: reduction.values, laneAxis: laneAxis,
      memoryAxis: last.axes.last!, lanes: lanes.lanes)
  }

  /// The values so far combined with the elements at a place.
  func next(
    _ registers: [RegisterPlace], at place: AxisPlaces, _ lanes: Lanes,
    _ loaded: [ScalarID: ValueIndex] = [:]
  ) -> [ValueIndex] {
    var lowering = writer.lowering(reduction.program, at: place, lanes)
    lowering.loaded = loaded
    if reduction.combiner == .sum, registers.count == 1,
      let (a, b) = reduction.factors
    {
      let factors = lowering.lowerWide([a, b])
      let sum = builder.read(registers[0])
      return [builder.define(.multiplyAdd(factors[0], factors[1], sum), builder.type(sum))]
    }
    let values = lowering.lowerWide(reduction.values)
    let sums = registers.map { builder.read($0) }
    if case .program(let program, let results) = reduction.combiner {
      var combining = writer.lowering(program, at: place, lanes)
      combining.parameters = sums + values
      return combining.lowerWide(results)
    }
    return zip(sums, values).map { builder.binary(reduction.function, $0, $1) }
  }

  /// Partial sums of bounded length: `body` runs over the innermost loop's pieces of at most
  /// `run * unit` indices, between `begin` and `end`.
  private func inRuns(
    at place: AxisPlaces, unit: Int, begin: () -> Void, end: () -> Void,
    body: (LoopRange, AxisPlaces) -> Void
  ) {
    let last = ranges.last!
    loops(ranges.dropLast()[...], at: place, in: builder) { place in
      let length = Self.run * unit
      guard last.loop.bound > length else {
        begin()
        body(last, place)
        end()
        return
      }
      builder.loop(to: last.upper, step: length) { lower in
        begin()
        let upper = builder.minimum(lower + Dimension(length), last.upper)
        body(LoopRange(last.loop, lower: lower, upper: upper), place)
        end()
      }
    }
  }

  /// Vectors of elements side by side along the innermost loop, combined by a tree at the end.
  private func acrossLanes(at place: AxisPlaces, width: Int) -> ValueIndex {
    precondition(reduction.values.count == 1, "internal: lanes of a tuple")
    let last = ranges.last!
    let partials = VectorPartials(
      builder: builder, type: type(0, width),
      count: last.loop.bound >= 2 * width * StageWriter.unrolling ? StageWriter.unrolling : 1)
    func accumulate(_ register: Int, _ range: LoopRange, _ outer: AxisPlaces) {
      builder.vectorLoop(range, lanes: width, unrolling: partials.count) { index, vectors, count in
        var here = outer
        here[last.loop.axes.last!] = index
        let lanes = Lanes(
          variable: index.singleAxis, lanes: width, count: count, vectors: vectors)
        writer.forEachVector(lanes) { vector in
          let target = partials.place(register, vector)
          let sum = next([target], at: writer.shifted(here, lanes, by: vector), lanes)[0]
          builder.set(target, count.map { partials.kept(sum, target, first: $0) } ?? sum)
        }
      }
    }
    let start = identity(type(0, width))
    let totals = partials.register()
    partials.forEach { builder.set(partials.place(totals, $0), start) }
    if sumsInRuns {
      let runs = partials.register()
      inRuns(
        at: place, unit: width * partials.count,
        begin: { partials.forEach { builder.set(partials.place(runs, $0), start) } },
        end: {
          partials.forEach { vector in
            let total = partials.place(totals, vector)
            let sum = builder.read(partials.place(runs, vector))
            builder.set(total, builder.binary(.add, builder.read(total), sum))
          }
        },
        body: { accumulate(runs, $0, $1) })
    } else {
      loops(ranges.dropLast()[...], at: place, in: builder) {
        accumulate(totals, LoopRange(last.loop), $0)
      }
    }
    let combined = partials.combined(totals, reduction.function)
    let whole = builder.define(.combineLanes(reduction.function, combined), type(0, 1))
    var lowering = writer.lowering(reduction.program, at: place, Lanes())
    return builder.binary(reduction.function, lowering.lower(reduction.initial)[0], whole)
  }

  /// What changes nothing when combined.
  private func identity(_ type: LaneType) -> ValueIndex {
    builder.splat(
      builder.define(
        reduction.function.identity(type.element), type.with(lanes: 1)), lanes: type.lanes)
  }
}

/// Registers that hold partial results in vectors side by side.
private struct VectorPartials {
  let builder: KernelBuilder
  let type: LaneType
  /// How many vectors.
  let count: Int

  func register() -> Int { builder.register(type, extents: count > 1 ? [count] : []) }

  func place(_ register: Int, _ vector: IndexExpression) -> RegisterPlace {
    RegisterPlace(register, count > 1 ? [vector] : [])
  }

  func forEach(_ body: (IndexExpression) -> Void) {
    if count == 1 { return body(IndexExpression(0)) }
    builder.loop(to: IndexExpression(Dimension(count)), kind: .unrolled) { vector in
      builder.bound(vector, below: Dimension(count))
      body(vector)
    }
  }

  /// `sum` in the first lanes, the register's content in the others.
  func kept(_ sum: ValueIndex, _ place: RegisterPlace, first: ValueIndex) -> ValueIndex {
    let numbers = builder.define(.laneNumber, LaneType(.i64, lanes: type.lanes))
    let real = builder.define(
      .compare(.less, numbers, builder.splat(first, lanes: type.lanes)),
      LaneType(.bool, lanes: type.lanes))
    return builder.define(.select(real, sum, builder.read(place)), type)
  }

  /// The vectors combined two by two.
  func combined(_ register: Int, _ function: BinaryFunction) -> ValueIndex {
    var values = (0..<count).map {
      builder.read(place(register, IndexExpression(Dimension($0))))
    }
    while values.count > 1 {
      let half = values.count / 2
      values = (0..<half).map { builder.binary(function, values[$0], values[$0 + half]) }
    }
    return values[0]
  }
}

extension Compute.Reduction {
  /// The combiner as a function of two values.
  fileprivate var function: BinaryFunction {
    switch combiner {
    case .sum: .add
    case .product: .multiply
    case .maximum: .maximum
    case .minimum: .minimum
    case .and: .and
    case .or: .or
    case .program: preconditionFailure("internal: a program is no function")
    }
  }

  /// The two floats whose product is summed.
  fileprivate var factors: (ScalarID, ScalarID)? {
    guard values.count == 1, program.type(values[0]).isFloat,
      case .binary(.multiply, let a, let b) = program[values[0]]
    else { return nil }
    return (a, b)
  }
}

extension BinaryFunction {
  /// What changes nothing when combined with it.
  fileprivate func identity(_ element: ElementType) -> Operation {
    let isFloat = element.isFloat
    switch self {
    case .add: return isFloat ? .float(-0.0) : .integer(0)
    case .multiply: return isFloat ? .float(1) : .integer(1)
    case .maximum: return isFloat ? .float(-.infinity) : .integer(element.minimumInteger)
    case .minimum: return isFloat ? .float(.infinity) : .integer(element.maximumInteger ?? -1)
    case .and: return .integer(element == .bool ? 1 : -1)
    case .or: return .integer(0)
    default: preconditionFailure("internal: \(rawValue) does not combine")
    }
  }
}
