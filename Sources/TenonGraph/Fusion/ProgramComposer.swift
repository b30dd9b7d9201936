import TenonTensor

/// Builds one scalar program out of several: appends programs at other indices and lets the caller
/// say what their loads become.
package struct ProgramComposer {
  package private(set) var program = ScalarProgram()
  /// The sizes of the axes that the composed program's indices use.
  let extents: [Dimension]

  package init(extents: [Dimension]) { self.extents = extents }

  /// A load as the composed program would make it: index and guards are over its axes.
  package struct Load {
    package var operand: Int
    /// Its place in the program that makes it.
    package var scalar: ScalarID
    package var type: ElementType
    package var index: [IndexExpression]
    /// What must hold for the element to be read, whoever asks for it.
    package var guards: [Guard]
    /// The load's own guards, a part of `guards`, outside of which `fill` is meant.
    package var ownGuards: [Guard]
    package var fill: ScalarID?
  }

  /// Adds what `source` needs for the scalars `wanted`, evaluated at `index`, and returns them.
  ///
  /// Outside `guards` nothing is read, and what comes out there does not matter.
  package mutating func append(
    _ source: ScalarProgram, wanted: [ScalarID], at index: [IndexExpression], guards: [Guard] = [],
    reduced: [ScalarID] = [], load: (inout ProgramComposer, Load) -> ScalarID
  ) -> [ScalarID] {
    let needed = source.needed(for: wanted)
    var map = [ScalarID](repeating: ScalarID(-1), count: needed.count)
    let limits = extents
    let extent: (Int) -> Dimension? = { $0 < limits.count ? limits[$0] : nil }
    for (place, instruction) in source.instructions.enumerated() where needed[place] {
      let type = source.types[place]
      func new(_ scalar: ScalarID) -> ScalarID { map[scalar.index] }
      func moved(_ expression: IndexExpression) -> IndexExpression {
        expression.substituting(
          axis: { index[$0] }, scalar: { .scalar(new($0)) }, extents: extent)
      }
      func moved(_ conditions: [Guard]) -> [Guard] {
        conditions.compactMap { condition in
          switch condition {
          case .within(let expression, let bound):
            let expression = moved(expression)
            return expression.isWithin(bound, extents: extent) ? nil : .within(expression, bound)
          case .multiple(let expression, let factor):
            return factor == 1 ? nil : .multiple(moved(expression), of: factor)
          }
        }
      }
      switch instruction {
      case .float, .integer, .size, .parameter:
        map[place] = program.add(instruction, type)
      case .index(let expression): map[place] = program.add(.index(moved(expression)), type)
      case .load(let operand, let at, let conditions, let fill):
        let own = moved(conditions)
        map[place] = load(
          &self,
          Load(
            operand: operand, scalar: ScalarID(place), type: type, index: at.map(moved),
            guards: guards.union(own), ownGuards: own, fill: own.isEmpty ? nil : fill.map(new)))
      case .holds(let conditions):
        let left = moved(conditions)
        map[place] =
          left.isEmpty ? program.add(.integer(1), .bool) : program.add(.holds(left), type)
      case .unary(let function, let a): map[place] = program.add(.unary(function, new(a)), type)
      case .binary(let function, let a, let b):
        map[place] = program.add(.binary(function, new(a), new(b)), type)
      case .compare(let comparison, let a, let b):
        map[place] = program.add(.compare(comparison, new(a), new(b)), type)
      case .select(let p, let a, let b):
        map[place] = program.add(.select(new(p), new(a), new(b)), type)
      case .convert(let a): map[place] = program.add(.convert(new(a)), type)
      case .bitcast(let a): map[place] = program.add(.bitcast(new(a)), type)
      case .reduced(let position):
        map[place] =
          reduced.isEmpty ? program.add(.reduced(position), type) : reduced[position]
      }
    }
    return wanted.map { map[$0.index] }
  }

  /// A load from an operand that stays one.
  package mutating func read(_ load: Load, from operand: Int) -> ScalarID {
    let fill = load.guards.isEmpty ? nil : load.fill ?? zero(load.type)
    return program.add(
      .load(operand: operand, load.index, guards: load.guards, fill: fill), load.type)
  }

  /// The element that `producer` computes where `load` reads it; its own loads become what `inner`
  /// says. The producer must have no reduction.
  package mutating func substitute(
    _ producer: Compute, result: Int, for load: Load,
    inner: (inout ProgramComposer, Load) -> ScalarID
  ) -> ScalarID {
    precondition(producer.reduction == nil, "internal: a reduction is no scalar expression")
    let wanted = producer.results[result]
    if case .load(_, _, let guards, _) = producer.program[wanted], guards.isEmpty {
      // A view: the load itself moves, with the reader's guards and fill.
      return append(
        producer.program, wanted: [wanted], at: load.index, guards: load.guards
      ) { composer, next in
        var next = next
        if next.scalar == wanted { (next.ownGuards, next.fill) = (load.ownGuards, load.fill) }
        return inner(&composer, next)
      }[0]
    }
    let value = append(
      producer.program, wanted: [wanted], at: load.index, guards: load.guards, load: inner)[0]
    guard !load.ownGuards.isEmpty else { return value }
    let holds = program.add(.holds(load.ownGuards), .bool)
    return program.add(.select(holds, value, load.fill ?? zero(load.type)), load.type)
  }

  private mutating func zero(_ type: ElementType) -> ScalarID {
    type.isFloat ? program.add(.float(0), type) : program.add(.integer(0), type)
  }
}

extension [Guard] {
  fileprivate func union(_ more: [Guard]) -> [Guard] {
    self + more.filter { !contains($0) }
  }
}

extension Compute {
  /// This compute with its loads of `operand` replaced by what `producer` computes there; both
  /// number operands in one sequence.
  package func substituting(_ producer: Compute, result: Int = 0, forOperand operand: Int)
    -> Compute
  {
    func compose(_ source: ScalarProgram, _ wanted: [ScalarID], _ domain: [Dimension]) -> (
      ScalarProgram, [ScalarID]
    ) {
      var composer = ProgramComposer(extents: domain)
      let scalars = composer.append(
        source, wanted: wanted, at: domain.indices.map { .axis($0) }
      ) { composer, load in
        guard load.operand == operand else { return composer.read(load, from: load.operand) }
        return composer.substitute(producer, result: result, for: load) {
          $0.read($1, from: $1.operand)
        }
      }
      return (composer.program, scalars)
    }
    var new = self
    (new.program, new.results) = compose(program, results, axes)
    if let old = reduction {
      let (program, scalars) = compose(old.program, old.values + old.initial, axes + old.axes)
      new.reduction?.program = program
      new.reduction?.values = Array(scalars.prefix(old.values.count))
      new.reduction?.initial = Array(scalars.dropFirst(old.values.count))
    }
    return new
  }
}
