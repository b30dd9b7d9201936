import TenonGraph
import TenonTensor

/// The constants of a stage's programs: each has a register of its own, filled once.
struct PortableConstants {
  struct Key: Hashable {
    var instruction: ScalarInstruction
    var type: ElementType
  }

  private(set) var keys: [Key] = []
  private var numbers: [Key: Int64] = [:]

  mutating func add(_ program: ScalarProgram, for wanted: [ScalarID]) {
    for (place, isNeeded) in program.needed(for: wanted).enumerated() where isNeeded {
      switch program.instructions[place] {
      case .float, .integer, .size:
        let key = Key(instruction: program.instructions[place], type: program.types[place])
        guard numbers[key] == nil else { continue }
        numbers[key] = Int64(keys.count)
        keys.append(key)
      default: break
      }
    }
  }

  func register(_ instruction: ScalarInstruction, _ type: ElementType) -> Int64? {
    numbers[Key(instruction: instruction, type: type)]
  }
}

/// Writes the programs of one stage: registers, expressions and instructions.
struct PortableStageWriter {
  /// By operand, the sizes in which it is addressed and the leading indices left out.
  let shapes: [(shape: [Dimension], dropped: Int)]
  var constants: PortableConstants
  /// Registers of all programs; those of constants come first.
  private(set) var registerCount = 0
  private(set) var keptCount = 0

  init(shapes: [(shape: [Dimension], dropped: Int)], constants: PortableConstants) {
    self.shapes = shapes
    self.constants = constants
  }

  /// The program that fills the constants' registers.
  mutating func writeConstants(into writer: inout PortableWriter) -> Int64 {
    var code: [Int64] = []
    for (register, key) in constants.keys.enumerated() {
      var word: [Int64] = [0, Int64(register), key.type.portable, 0, 0, 0, 0, 0]
      switch key.instruction {
      case .float(let value): word[4] = Int64(bitPattern: value.bitPattern)
      case .integer(let value): (word[0], word[4]) = (1, value)
      case .size(let size): (word[0], word[4]) = (2, writer.size(size))
      default: preconditionFailure("internal: not a constant")
      }
      code += word
    }
    registerCount = max(registerCount, constants.keys.count)
    return writer.append([Int64(constants.keys.count), 0, 0] + code)
  }

  /// Writes what `program` needs for the scalars `wanted`; where it is, and their registers.
  mutating func write(
    _ program: ScalarProgram, for wanted: [ScalarID], into writer: inout PortableWriter
  ) -> (place: Int64, registers: [Int64]) {
    let needed = program.needed(for: wanted)
    var last = [Int](repeating: -1, count: needed.count)
    for (place, instruction) in program.instructions.enumerated() where needed[place] {
      instruction.forEachOperand { last[$0.index] = place }
    }
    for scalar in wanted { last[scalar.index] = Int.max }
    var registers = [Int64](repeating: -1, count: needed.count)
    var free: [Int64] = []
    var next = Int64(constants.keys.count)
    var code: [Int64] = []
    var kept: [Int64] = []
    var count: Int64 = 0
    for (place, instruction) in program.instructions.enumerated() where needed[place] {
      let type = program.types[place]
      if let register = constants.register(instruction, type) {
        registers[place] = register
        continue
      }
      // The result takes no register of an operand: their elements may differ in size.
      if let register = free.popLast() {
        registers[place] = register
      } else {
        registers[place] = next
        next += 1
      }
      code += word(instruction, type, registers[place], program, registers, &kept, &writer)
      count += 1
      var ended: Set<Int64> = []
      instruction.forEachOperand { operand in
        let register = registers[operand.index]
        if last[operand.index] == place, register >= Int64(constants.keys.count),
          ended.insert(register).inserted
        {
          free.append(register)
        }
      }
      if last[place] < 0 { free.append(registers[place]) }
    }
    registerCount = max(registerCount, Int(next))
    let place = writer.append([count, Int64(kept.count), 0] + kept + code)
    return (place, wanted.map { registers[$0.index] })
  }

  private mutating func word(
    _ instruction: ScalarInstruction, _ type: ElementType, _ register: Int64,
    _ program: ScalarProgram, _ registers: [Int64], _ kept: inout [Int64],
    _ writer: inout PortableWriter
  ) -> [Int64] {
    func old(_ scalar: ScalarID) -> Int64 { registers[scalar.index] }
    func typeOf(_ scalar: ScalarID) -> Int64 { program.type(scalar).portable }
    let portable = type.portable
    func word(
      _ op: Int, function: Int64 = 0, _ a: Int64 = 0, _ b: Int64 = 0, _ c: Int64 = 0,
      _ d: Int64 = 0
    ) -> [Int64] { [Int64(op), register, portable, function, a, b, c, d] }
    switch instruction {
    case .float, .integer, .size: preconditionFailure("internal: constants are apart")
    case .index(let index):
      return word(3, expression(index, registers, &kept, &writer))
    case .load(let operand, let index, let guards, let fill):
      let (shape, dropped) = shapes[operand]
      let offset = IndexExpression.offset(Array(index.dropFirst(dropped)), in: shape)
      let place = expression(offset, registers, &kept, &writer)
      let conditions = guards.isEmpty ? -1 : write(guards, registers, &kept, &writer)
      return word(4, function: Int64(operand), place, conditions, fill.map(old) ?? 0)
    case .holds(let guards): return word(5, write(guards, registers, &kept, &writer))
    case .unary(let function, let a):
      return word(6, function: function.portable, old(a), 0, 0, typeOf(a))
    case .binary(let function, let a, let b):
      return word(7, function: function.portable, old(a), old(b))
    case .compare(let comparison, let a, let b):
      return word(8, function: comparison.portable, old(a), old(b), 0, typeOf(a))
    case .select(let p, let a, let b): return word(9, old(p), old(a), old(b))
    case .convert(let a): return word(10, old(a), 0, 0, typeOf(a))
    case .bitcast(let a): return word(11, old(a), 0, 0, typeOf(a))
    case .reduced(let position): return word(12, function: Int64(position))
    case .parameter(let position): return word(13, function: Int64(position))
    }
  }

  private mutating func write(
    _ guards: [Guard], _ registers: [Int64], _ kept: inout [Int64],
    _ writer: inout PortableWriter
  ) -> Int64 {
    var words = [Int64(guards.count)]
    for condition in guards {
      let place = expression(condition.expression, registers, &kept, &writer)
      switch condition {
      case .within(_, let bound): words += [0, place, writer.size(bound)]
      case .multiple(_, let factor): words += [1, place, Int64(factor)]
      }
    }
    return writer.append(words)
  }

  /// The place of an expression's words. An affine one has a slot in which the part that differs
  /// between lanes is kept.
  private mutating func expression(
    _ expression: IndexExpression, _ registers: [Int64], _ kept: inout [Int64],
    _ writer: inout PortableWriter
  ) -> Int64 {
    guard expression.isAffine else {
      var words: [Int64] = [-1]
      postfix(expression, registers, &words, &writer)
      return writer.append(words + [0])
    }
    var words = [Int64(keptCount), writer.size(expression.constant), Int64(expression.terms.count)]
    keptCount += 1
    for term in expression.terms {
      guard case .axis(let axis) = term.atom else { continue }
      words += [Int64(axis), writer.size(term.coefficient)]
    }
    let place = writer.append(words)
    kept.append(place)
    return place
  }

  private func postfix(
    _ expression: IndexExpression, _ registers: [Int64], _ words: inout [Int64],
    _ writer: inout PortableWriter
  ) {
    words += [1, writer.size(expression.constant)]
    for term in expression.terms {
      switch term.atom {
      case .axis(let axis): words += [2, Int64(axis)]
      case .scalar(let scalar): words += [3, registers[scalar.index]]
      case .floorDivide(let inner, let by):
        postfix(inner, registers, &words, &writer)
        words += [6, writer.size(by)]
      case .remainder(let inner, let by):
        postfix(inner, registers, &words, &writer)
        words += [7, writer.size(by)]
      }
      if term.coefficient != 1 { words += [5, writer.size(term.coefficient)] }
      words.append(4)
    }
  }
}

extension UnaryFunction {
  /// The number in bytecode: the place in the list of all.
  var portable: Int64 { Int64(UnaryFunction.allCases.firstIndex(of: self)!) }
}

extension BinaryFunction {
  var portable: Int64 { Int64(BinaryFunction.allCases.firstIndex(of: self)!) }
}

extension Comparison {
  var portable: Int64 { Int64(Comparison.allCases.firstIndex(of: self)!) }
}
