import TenonGraph
import TenonTensor

extension KernelGroup {
  /// The group with a lone compute, or what can be written as one, as its one stage.
  var staged: KernelGroup {
    let compute: Compute
    switch body {
    case .single(.compute(let own)): compute = own
    case .single(.place(let place)):
      compute = Compute(place, pieces: inputs, result: outputs[0])
    default: return self
    }
    let stage = Stage(
      compute: compute, operands: inputs.indices.map { .input($0) },
      results: outputs.indices.map { .output($0) })
    var group = KernelGroup(inputs: inputs, outputs: outputs, body: .stages([stage]))
    group.request = request
    return group
  }

  /// The running symbols, each once, in order of appearance.
  var symbols: [Symbol] {
    var found: [Symbol] = []
    func note(_ size: Dimension) {
      for symbol in size.symbols where !found.contains(symbol) { found.append(symbol) }
    }
    for type in inputs + outputs { type.shape.forEach(note) }
    switch staged.body {
    case .stages(let stages): for stage in stages { stage.compute.forEachSize(note) }
    case .single(let lowering): lowering.forEachSize(note)
    }
    return found
  }

  /// The group with its symbols renamed `n0`, `n1` … in order of appearance, and the symbols that
  /// had been there.
  func canonical() -> (group: KernelGroup, symbols: [Symbol]) {
    var group = staged
    let symbols = group.symbols
    if symbols.isEmpty { return (group, []) }
    let names = symbols.enumerated().map { Symbol(name: "n\($0)", maximum: $1.maximum) }
    func renamed(_ size: Dimension) -> Dimension {
      size.substituting { symbol in
        symbols.firstIndex(of: symbol).map { Dimension(names[$0]) }
      }
    }
    func renamed(_ type: TensorType) -> TensorType {
      TensorType(type.element, Shape(type.shape.map(renamed)), layout: type.layout)
    }
    group.inputs = inputs.map(renamed)
    group.outputs = outputs.map(renamed)
    switch group.body {
    case .stages(let stages):
      group.body = .stages(
        stages.map { stage in
          var stage = stage
          stage.compute = stage.compute.mapSizes(renamed)
          return stage
        })
    case .single(let lowering): group.body = .single(lowering.mapSizes(renamed))
    }
    return (group, symbols)
  }
}

extension Compute {
  /// Calls `body` with every size in the compute.
  func forEachSize(_ body: (Dimension) -> Void) {
    axes.forEach(body)
    reduction?.axes.forEach(body)
    reduction?.program.forEachSize(body)
    if case .program(let program, _) = reduction?.combiner { program.forEachSize(body) }
    program.forEachSize(body)
  }

  func mapSizes(_ map: (Dimension) -> Dimension) -> Compute {
    var result = self
    result.axes = axes.map(map)
    result.program = program.mapSizes(map)
    if var reduction {
      reduction.axes = reduction.axes.map(map)
      reduction.program = reduction.program.mapSizes(map)
      if case .program(let program, let results) = reduction.combiner {
        reduction.combiner = .program(program.mapSizes(map), results: results)
      }
      result.reduction = reduction
    }
    return result
  }
}

extension ScalarProgram {
  func forEachSize(_ body: (Dimension) -> Void) {
    for instruction in instructions {
      if case .size(let size) = instruction { body(size) }
      for case .within(_, let bound) in instruction.guards { body(bound) }
      for expression in instruction.indexExpressions { expression.forEachSize(body) }
    }
  }

  /// The program with sizes replaced; `map` keeps different sizes different.
  func mapSizes(_ map: (Dimension) -> Dimension) -> ScalarProgram {
    var result = ScalarProgram()
    for (number, instruction) in instructions.enumerated() {
      result.add(instruction.mapSizes(map), types[number])
    }
    precondition(
      result.instructions.count == instructions.count, "internal: sizes were made equal")
    return result
  }
}

extension ScalarInstruction {
  var guards: [Guard] {
    switch self {
    case .load(_, _, let guards, _), .holds(let guards): guards
    default: []
    }
  }

  /// The index expressions of the instruction, those of its guards included.
  var indexExpressions: [IndexExpression] {
    switch self {
    case .index(let expression): [expression]
    case .load(_, let indices, let guards, _): indices + guards.map(\.expression)
    case .holds(let guards): guards.map(\.expression)
    default: []
    }
  }

  func mapSizes(_ map: (Dimension) -> Dimension) -> ScalarInstruction {
    func mapped(_ condition: Guard) -> Guard {
      switch condition {
      case .within(let expression, let bound): .within(expression.mapSizes(map), map(bound))
      case .multiple(let expression, let factor):
        .multiple(expression.mapSizes(map), of: factor)
      }
    }
    switch self {
    case .size(let size): return .size(map(size))
    case .index(let expression): return .index(expression.mapSizes(map))
    case .load(let operand, let indices, let guards, let fill):
      return .load(
        operand: operand, indices.map { $0.mapSizes(map) }, guards: guards.map(mapped), fill: fill)
    case .holds(let guards): return .holds(guards.map(mapped))
    default: return self
    }
  }
}

extension IndexExpression {
  func forEachSize(_ body: (Dimension) -> Void) {
    body(constant)
    for term in terms {
      body(term.coefficient)
      switch term.atom {
      case .axis, .scalar: break
      case .floorDivide(let inner, let by), .remainder(let inner, let by):
        body(by)
        inner.forEachSize(body)
      }
    }
  }

  func mapSizes(_ map: (Dimension) -> Dimension) -> IndexExpression {
    var result = IndexExpression(map(constant))
    for term in terms {
      let atom: Atom =
        switch term.atom {
        case .axis, .scalar: term.atom
        case .floorDivide(let inner, let by): .floorDivide(inner.mapSizes(map), map(by))
        case .remainder(let inner, let by): .remainder(inner.mapSizes(map), map(by))
        }
      result = result + IndexExpression(atom, times: map(term.coefficient))
    }
    return result
  }
}
