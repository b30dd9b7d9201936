import TenonGraph
import TenonTensor

extension ComputeInterpreter {
  /// All scalars of a program, or all that `only` needs and then nothing after it.
  func evaluate(_ program: ScalarProgram, _ frame: ScalarFrame) throws -> [ScalarNumber] {
    var scalars: [ScalarNumber] = []
    scalars.reserveCapacity(program.instructions.count)
    for place in program.instructions.indices {
      scalars.append(
        try evaluate(program.instructions[place], program.types[place], program, frame) {
          scalars[$0.index]
        })
    }
    return scalars
  }

  /// One scalar of a program and what it depends on.
  func evaluate(_ program: ScalarProgram, _ frame: ScalarFrame, only scalar: ScalarID) throws
    -> ScalarNumber
  {
    try evaluate(program[scalar], program.type(scalar), program, frame) {
      try evaluate(program, frame, only: $0)
    }
  }

  private func evaluate(
    _ instruction: ScalarInstruction, _ type: ElementType, _ program: ScalarProgram,
    _ frame: ScalarFrame, _ scalar: (ScalarID) throws -> ScalarNumber
  ) throws -> ScalarNumber {
    switch instruction {
    case .float(let value): return ScalarFunctions.rounded(value, type)
    case .integer(let value): return .integer(ScalarFunctions.wrapped(value, type))
    case .size(let dimension): return .integer(Int64(try size(dimension)))
    case .index(let expression): return .integer(Int64(try index(expression, frame, scalar)))
    case .load(let operand, let indices, let guards, let fill):
      guard type == operands[operand].type else {
        throw TenonError.lowering("operand \(operand) of \(operands[operand].type) read as \(type)")
      }
      if try guards.allSatisfy({ try holds($0, frame, scalar) }) {
        return try load(operand, indices.map { try index($0, frame, scalar) })
      }
      guard let fill else { throw TenonError.lowering("a load with guards needs a fill") }
      return try scalar(fill)
    case .holds(let guards):
      return .integer(try guards.allSatisfy { try holds($0, frame, scalar) } ? 1 : 0)
    case .unary(let function, let a):
      return try ScalarFunctions.unary(function, try scalar(a), program.type(a))
    case .binary(let function, let a, let b):
      guard program.type(a) == type, program.type(b) == type else {
        throw TenonError.lowering("\(function) of \(program.type(a)) and \(program.type(b))")
      }
      return try ScalarFunctions.binary(function, try scalar(a), try scalar(b), type)
    case .compare(let comparison, let a, let b):
      guard program.type(a) == program.type(b) else {
        throw TenonError.lowering("comparison of \(program.type(a)) and \(program.type(b))")
      }
      let truth = ScalarFunctions.compare(
        comparison, try scalar(a), try scalar(b), program.type(a))
      return .integer(truth ? 1 : 0)
    case .select(let predicate, let a, let b):
      guard program.type(predicate) == .bool, program.type(a) == type, program.type(b) == type
      else { throw TenonError.lowering("select among \(program.type(a)), \(program.type(b))") }
      // Both sides are computed, as in a kernel.
      let (onTrue, onFalse) = (try scalar(a), try scalar(b))
      return try scalar(predicate) == .integer(0) ? onFalse : onTrue
    case .convert(let a): return try ScalarFunctions.convert(try scalar(a), program.type(a), type)
    case .bitcast(let a): return try ScalarFunctions.bitcast(try scalar(a), program.type(a), type)
    case .reduced(let position): return frame.reduced[position]
    case .parameter(let position): return frame.parameters[position]
    }
  }

  private func load(_ operand: Int, _ index: [Int]) throws -> ScalarNumber {
    let source = operands[operand]
    guard index.count == source.shape.count,
      zip(index, source.shape).allSatisfy({ $0 >= 0 && $0 < $1 })
    else {
      throw TenonError.lowering(
        "index \(index) is outside operand \(operand) of shape \(source.shape)")
    }
    return source[zip(index, source.strides).reduce(0) { $0 + $1.0 * $1.1 }]
  }

  func holds(
    _ condition: Guard, _ frame: ScalarFrame, _ scalar: (ScalarID) throws -> ScalarNumber
  ) throws -> Bool {
    switch condition {
    case .within(let expression, let bound):
      let value = try index(expression, frame, scalar)
      return try value >= 0 && value < size(bound)
    case .multiple(let expression, let factor):
      return try index(expression, frame, scalar) % factor == 0
    }
  }

  /// The number of an index expression.
  func index(
    _ expression: IndexExpression, _ frame: ScalarFrame,
    _ scalar: (ScalarID) throws -> ScalarNumber
  ) throws -> Int {
    var total = try size(expression.constant)
    for term in expression.terms {
      let value: Int
      switch term.atom {
      case .axis(let axis): value = frame.axes[axis]
      case .floorDivide(let inner, let by):
        let quotient = Dimension(try index(inner, frame, scalar))
        value = quotient.floorDivided(by: Dimension(try size(by))).constant!
      case .remainder(let inner, let by):
        let dividend = Dimension(try index(inner, frame, scalar))
        value = dividend.remainder(dividingBy: Dimension(try size(by))).constant!
      case .scalar(let id):
        guard case .integer(let number) = try scalar(id) else {
          throw TenonError.lowering("an index is no integer")
        }
        value = Int(number)
      }
      total &+= try size(term.coefficient) &* value
    }
    return total
  }
}
