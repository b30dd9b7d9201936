import TenonGraph
import TenonTensor

/// An operand of a program: where its elements lie.
struct OperandAccess {
  var memory: Memory
  var element: ElementType
  /// How the memory lies, where it is not plain.
  var layout: Layout?
  /// The offset of an element, from the indices along the operand's axes.
  var offset: ([IndexExpression]) -> IndexExpression
}

/// Writes the values of a scalar program into a kernel, for one index or for as many indices side
/// by side as a vector has lanes.
///
/// A scalar that is the same in all lanes stays one lane wide.
struct ProgramLowering {
  let builder: KernelBuilder
  let program: ScalarProgram
  /// Axes of the compute as expressions over loop variables.
  var axis: (Int) -> IndexExpression
  /// Sizes of the loops, for simplification.
  var extents: (Int) -> Dimension?
  var operands: [OperandAccess]
  /// The loop variable along which lanes lie side by side; nil where there is one lane.
  var vectorVariable: Int?
  var lanes = 1
  /// How many lanes are real, where not all are.
  var count: ValueIndex?
  var reduced: [ValueIndex] = []
  var parameters: [ValueIndex] = []
  /// Loads whose values are known already.
  var loaded: [ScalarID: ValueIndex] = [:]
  /// Guards, over the compute's axes, that are known to hold.
  var assumed: [Guard] = []

  private var values: [ScalarID: ValueIndex] = [:]

  init(
    builder: KernelBuilder, program: ScalarProgram, operands: [OperandAccess],
    axis: @escaping (Int) -> IndexExpression, extents: @escaping (Int) -> Dimension?
  ) {
    self.builder = builder
    self.program = program
    self.operands = operands
    self.axis = axis
    self.extents = extents
  }

  /// The values of `scalars`, each one lane or `lanes` wide.
  mutating func lower(_ scalars: [ScalarID]) -> [ValueIndex] {
    var needed = Set(scalars)
    guard let last = scalars.max() else { return [] }
    for number in stride(from: last.index, through: 0, by: -1)
    where needed.contains(ScalarID(number)) {
      program[ScalarID(number)].forEachOperand { needed.insert($0) }
    }
    for number in 0...last.index where needed.contains(ScalarID(number)) {
      let scalar = ScalarID(number)
      values[scalar] = loaded[scalar] ?? lower(program[scalar], program.type(scalar))
    }
    return scalars.map { values[$0]! }
  }

  /// The values of `scalars`, all `lanes` wide.
  mutating func lowerWide(_ scalars: [ScalarID]) -> [ValueIndex] {
    lower(scalars).map { builder.splat($0, lanes: lanes) }
  }

  private func isWide(_ value: ValueIndex) -> Bool { builder.type(value).lanes > 1 }

  private mutating func lower(_ instruction: ScalarInstruction, _ type: ElementType) -> ValueIndex {
    switch instruction {
    case .float(let number): return builder.define(.float(number), LaneType(type))
    case .integer(let number): return builder.define(.integer(number), LaneType(type))
    case .size(let size): return builder.index(IndexExpression(size))
    case .index(let expression): return index(expression)
    case .load(let operand, let indices, let guards, let fill):
      return load(operand, indices, guards: guards, fill: fill)
    case .holds(let guards):
      return holds(guards) ?? builder.define(.integer(1), LaneType(.bool))
    case .unary(let function, let a):
      return apply([a], type) { .unary(function, $0[0]) }
    case .binary(let function, let a, let b):
      return apply([a, b], type) { .binary(function, $0[0], $0[1]) }
    case .compare(let comparison, let a, let b):
      return apply([a, b], type) { .compare(comparison, $0[0], $0[1]) }
    case .select(let a, let b, let c):
      return apply([a, b, c], type) { .select($0[0], $0[1], $0[2]) }
    case .convert(let a):
      if program.type(a) == type { return values[a]! }
      return apply([a], type) { .convert($0[0]) }
    case .bitcast(let a):
      if program.type(a) == type { return values[a]! }
      return apply([a], type) { .bitcast($0[0]) }
    case .reduced(let number): return reduced[number]
    case .parameter(let number): return parameters[number]
    }
  }

  private func apply(
    _ scalars: [ScalarID], _ type: ElementType, _ operation: ([ValueIndex]) -> Operation
  ) -> ValueIndex {
    var arguments = scalars.map { values[$0]! }
    let width = arguments.contains(where: isWide) ? lanes : 1
    arguments = arguments.map { builder.splat($0, lanes: width) }
    return builder.define(operation(arguments), LaneType(type, lanes: width))
  }
}

// Indices.
extension ProgramLowering {
  /// The expression over loop variables and kernel values; scalars that differ by lane are left to
  /// `wide`.
  private func translated(_ expression: IndexExpression) -> IndexExpression {
    expression.substituting(
      axis: axis, scalar: { .scalar(self.index64(self.values[$0]!)) }, extents: extents)
  }

  /// As i64, as index expressions take it.
  private func index64(_ value: ValueIndex) -> ValueIndex {
    let type = builder.type(value)
    if type.element == .i64 { return value }
    return builder.define(.convert(value), type.with(element: .i64))
  }

  /// Whether the lanes' numbers differ.
  private func varies(_ expression: IndexExpression) -> Bool {
    expression.axes.contains { $0 == vectorVariable } || expression.scalars.contains(where: isWide)
  }

  /// The number, i64, in one lane or in all.
  private func index(_ expression: IndexExpression) -> ValueIndex {
    let expression = translated(expression)
    return varies(expression) ? wide(expression) : builder.index(expression)
  }

  /// The numbers of a translated expression in the lanes, i64.
  private func wide(_ expression: IndexExpression) -> ValueIndex {
    let type = LaneType(.i64, lanes: lanes)
    var uniform = IndexExpression(expression.constant)
    var sum: ValueIndex?
    func add(_ value: ValueIndex, times coefficient: Dimension) {
      var term = value
      if coefficient != 1 {
        let factor = builder.splat(builder.index(IndexExpression(coefficient)), lanes: lanes)
        term = builder.define(.binary(.multiply, term, factor), type)
      }
      sum = sum.map { builder.define(.binary(.add, $0, term), type) } ?? term
    }
    for term in expression.terms {
      let part = IndexExpression(term.atom, times: term.coefficient)
      guard varies(part) else {
        uniform = uniform + part
        continue
      }
      switch term.atom {
      case .axis:
        uniform = uniform + part
        add(builder.define(.laneNumber, type), times: term.coefficient)
      case .scalar(let value): add(value, times: term.coefficient)
      case .floorDivide(let inner, let by):
        if let (quotient, _) = divided(inner, by) {
          add(quotient, times: term.coefficient)
          continue
        }
        let divisor = builder.splat(builder.index(IndexExpression(by)), lanes: lanes)
        add(builder.define(.floorDivide(wide(inner), divisor), type), times: term.coefficient)
      case .remainder(let inner, let by):
        if let (_, rest) = divided(inner, by) {
          add(rest, times: term.coefficient)
          continue
        }
        let divisor = builder.splat(builder.index(IndexExpression(by)), lanes: lanes)
        add(builder.define(.floorRemainder(wide(inner), divisor), type), times: term.coefficient)
      }
    }
    if uniform == IndexExpression(0), let sum { return sum }
    let base = builder.splat(builder.index(uniform), lanes: lanes)
    return sum.map { builder.define(.binary(.add, $0, base), type) } ?? base
  }

  /// Quotient and remainder of neighbouring numbers in the lanes: those of the first, and a step
  /// for each multiple of the divisor that the lanes cross; nil where there are many.
  private func divided(_ inner: IndexExpression, _ by: Dimension) -> (
    quotient: ValueIndex, remainder: ValueIndex
  )? {
    guard let vectorVariable, inner.coefficient(ofAxis: vectorVariable) == 1,
      !varies(inner - .axis(vectorVariable)), let size = by.constant
    else { return nil }
    let crossed = (size + lanes - 2) / size
    guard crossed <= 4 else { return nil }
    let type = LaneType(.i64, lanes: lanes)
    func wide(_ number: Int) -> ValueIndex {
      builder.splat(builder.index(IndexExpression(Dimension(number))), lanes: lanes)
    }
    let first = builder.splat(
      builder.index(inner.remainder(by: by, extents: extents)), lanes: lanes)
    var rest = builder.define(
      .binary(.add, first, builder.define(.laneNumber, type)), type)
    var quotient = builder.splat(
      builder.index(inner.floorDivided(by: by, extents: extents)), lanes: lanes)
    for _ in 0..<crossed {
      let isOver = builder.define(
        .compare(.greaterOrEqual, rest, wide(size)), LaneType(.bool, lanes: lanes))
      let step = builder.define(.select(isOver, wide(1), wide(0)), type)
      let less = builder.define(.select(isOver, wide(size), wide(0)), type)
      quotient = builder.binary(.add, quotient, step)
      rest = builder.binary(.subtract, rest, less)
    }
    return (quotient, rest)
  }

  /// Whether guards without scalars all hold, in one lane; nil where they certainly do.
  func condition(_ guards: [Guard]) -> ValueIndex? { holds(guards) }

  /// Whether all guards hold; nil where they certainly do.
  private func holds(_ guards: [Guard]) -> ValueIndex? {
    var result: ValueIndex?
    for condition in guards where !assumed.contains(condition) {
      let next: ValueIndex
      switch condition {
      case .within(let expression, let bound):
        let (expression, bound) = inBlocks(translated(expression), bound)
        if expression.isWithin(bound, extents: extents) { continue }
        let number = varies(expression) ? wide(expression) : builder.index(expression)
        let width = builder.type(number).lanes
        let limit = builder.splat(builder.index(IndexExpression(bound)), lanes: width)
        // 0 <= a < b is one comparison of unsigned numbers.
        let unsigned = LaneType(.u64, lanes: width)
        next = builder.define(
          .compare(
            .less, builder.define(.bitcast(number), unsigned),
            builder.define(.bitcast(limit), unsigned)), LaneType(.bool, lanes: width))
      case .multiple(let expression, let factor):
        let rest = translated(expression).remainder(by: Dimension(factor), extents: extents)
        if rest == IndexExpression(0) { continue }
        let number = varies(rest) ? wide(rest) : builder.index(rest)
        let width = builder.type(number).lanes
        let zero = builder.splat(builder.index(IndexExpression(0)), lanes: width)
        next = builder.define(.compare(.equal, number, zero), LaneType(.bool, lanes: width))
      }
      if let before = result {
        let width = max(builder.type(before).lanes, builder.type(next).lanes)
        result = builder.binary(
          .and, builder.splat(before, lanes: width), builder.splat(next, lanes: width))
      } else {
        result = next
      }
    }
    return result
  }

  /// Another expression and bound for the same condition: those of blocks, where all lanes are in
  /// one and blocks are within the bound or not as a whole.
  private func inBlocks(_ expression: IndexExpression, _ bound: Dimension) -> (
    IndexExpression, Dimension
  ) {
    guard let vectorVariable, varies(expression), let size = bound.constant,
      let extent = extents(vectorVariable)?.constant, extent > 1, size % extent == 0
    else { return (expression, bound) }
    let block = expression.floorDivided(by: Dimension(extent), extents: extents)
    return varies(block) ? (expression, bound) : (block, Dimension(size / extent))
  }

  /// Where a load whose indices are of axes alone reads.
  func address(of load: ScalarID) -> Address {
    guard case .load(let operand, let indices, _, _) = program[load] else {
      preconditionFailure("internal: no load")
    }
    let access = operands[operand]
    return Address(access.memory, access.offset(indices.map(translated)).simplified(extents))
  }

  private mutating func load(
    _ operand: Int, _ indices: [IndexExpression], guards: [Guard], fill: ScalarID?
  ) -> ValueIndex {
    let access = operands[operand]
    let offset = access.offset(indices.map(translated)).simplified(extents).recombined
    let mask = holds(guards)
    let filling = mask == nil ? nil : fill.map { values[$0]! }
    let maskIsWide = mask.map(isWide) ?? false
    guard varies(offset) || maskIsWide else {
      return builder.define(
        .load(Address(access.memory, offset), count: nil, mask: mask, fill: filling),
        LaneType(access.element))
    }
    let type = LaneType(access.element, lanes: lanes)
    let wideFill = filling.map { builder.splat($0, lanes: lanes) }
    if !maskIsWide, isContiguous(offset) {
      return builder.define(
        .load(Address(access.memory, offset), count: count, mask: mask, fill: wideFill), type)
    }
    var allowed = mask.map { builder.splat($0, lanes: lanes) }
    if let count {
      let real = builder.define(
        .compare(
          .less, builder.define(.laneNumber, LaneType(.i64, lanes: lanes)),
          builder.splat(count, lanes: lanes)), LaneType(.bool, lanes: lanes))
      allowed = allowed.map { builder.binary(.and, $0, real) } ?? real
    }
    if isContiguous(offset), let allowed {
      let zero: Operation = access.element.isFloat ? .float(0) : .integer(0)
      let other =
        wideFill ?? builder.splat(builder.define(zero, LaneType(access.element)), lanes: lanes)
      return builder.define(
        .load(Address(access.memory, offset), count: nil, mask: allowed, fill: other), type)
    }
    if let step = step(offset) {
      let zero: Operation = access.element.isFloat ? .float(0) : .integer(0)
      let other =
        allowed == nil
        ? nil
        : wideFill ?? builder.splat(builder.define(zero, LaneType(access.element)), lanes: lanes)
      return builder.define(
        .loadStrided(Address(access.memory, offset), step: step, mask: allowed, fill: other), type)
    }
    // What all lanes share is part of the address.
    var shared = IndexExpression(offset.constant)
    for term in offset.terms {
      let part = IndexExpression(term.atom, times: term.coefficient)
      if !varies(part) { shared = shared + part }
    }
    return builder.define(
      .gather(
        Address(access.memory, shared), indices: wide(offset - shared), mask: allowed,
        fill: wideFill), type)
  }

  /// How far the lanes' elements lie apart, where that is a few elements everywhere.
  private func step(_ offset: IndexExpression) -> Int? {
    guard let vectorVariable, let step = offset.coefficient(ofAxis: vectorVariable).constant,
      (2...4).contains(step), !varies(offset - .axis(vectorVariable) * Dimension(step))
    else { return nil }
    return step
  }

  /// Whether the lanes' elements lie side by side.
  private func isContiguous(_ offset: IndexExpression) -> Bool {
    guard let vectorVariable, varies(offset) else { return false }
    return offset.terms.allSatisfy { term in
      if case .axis(vectorVariable) = term.atom { return term.coefficient == 1 }
      return !varies(IndexExpression(term.atom))
    }
  }
}
