import TenonGraph
import TenonTensor

extension Combiner {
  /// The combiner as a function of two values; nil for a program.
  var function: BinaryFunction? {
    switch self {
    case .sum: .add
    case .product: .multiply
    case .maximum: .maximum
    case .minimum: .minimum
    case .and: .and
    case .or: .or
    case .program: nil
    }
  }

  /// Work units of combining one tuple: a rough count of instructions.
  var cost: Int {
    if case .program(let program, _) = self { program.cost } else { 1 }
  }
}

extension ScalarProgram {
  /// What two k-tuples combine to. A named combiner's values have one type; a program's have those
  /// of its parameters.
  mutating func combined(
    _ combiner: Combiner, _ sofar: [ScalarID], _ next: [ScalarID]
  ) -> [ScalarID] {
    guard case .program(let program, let results) = combiner else {
      return zip(sofar, next).map { binary(combiner.function!, $0, $1) }
    }
    return append(program, parameters: sofar + next, wanted: results)
  }

  /// Adds a program with its parameters replaced, and its loads of operand n by `loads[n]`; what
  /// its scalars `wanted` are.
  mutating func append(
    _ source: ScalarProgram, parameters: [ScalarID], loads: [ScalarID] = [], wanted: [ScalarID]
  ) -> [ScalarID] {
    let needed = source.needed(for: wanted)
    var map = [ScalarID](repeating: ScalarID(-1), count: needed.count)
    for (place, instruction) in source.instructions.enumerated() where needed[place] {
      func new(_ scalar: ScalarID) -> ScalarID { map[scalar.index] }
      let moved: ScalarInstruction
      switch instruction {
      case .parameter(let number):
        map[place] = parameters[number]
        continue
      case .load(let operand, _, _, _):
        map[place] = loads[operand]
        continue
      case .float, .integer, .size: moved = instruction
      case .unary(let function, let a): moved = .unary(function, new(a))
      case .binary(let function, let a, let b): moved = .binary(function, new(a), new(b))
      case .compare(let comparison, let a, let b): moved = .compare(comparison, new(a), new(b))
      case .select(let a, let b, let c): moved = .select(new(a), new(b), new(c))
      case .convert(let a): moved = .convert(new(a))
      case .bitcast(let a): moved = .bitcast(new(a))
      case .index, .holds, .reduced:
        preconditionFailure("internal: a combiner reads indices")
      }
      map[place] = add(moved, source.types[place])
    }
    return wanted.map { map[$0.index] }
  }
}
