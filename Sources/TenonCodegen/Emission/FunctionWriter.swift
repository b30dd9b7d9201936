import TenonGraph
import TenonTensor

/// Writes one kernel as a C function.
struct FunctionWriter {
  let kernel: Kernel
  var source: CSource
  /// The C expression of each value in scope.
  var names: [ValueIndex: String] = [:]
  /// Of what later values may be one with: error functions, and the number 1.
  var definitions: [ValueIndex: Operation] = [:]
  /// Bytes of one lane of each `bool` vector: masks are as wide as what they were made from.
  var maskBytes: [ValueIndex: Int] = [:]
  /// The numbers of unrolled loops' variables.
  var unrolled: [Int: Int] = [:]
  /// Loop variables and values that are certainly not negative.
  var naturals: Set<Int> = [0]
  var naturalValues: Set<ValueIndex> = []
  var lines = ""
  var depth = 1

  init(kernel: Kernel, source: CSource) {
    self.kernel = kernel
    self.source = source
  }

  mutating func function(_ symbol: String) -> String {
    let tiles = tileFrame
    if let tiles { line(tiles.before) }
    line("for (i64 x0 = firstTile; x0 < endTile; ++x0) {")
    depth += 1
    declareRegisters()
    kernel.body.forEach { write($0) }
    depth -= 1
    line("}")
    if let tiles { line(tiles.after) }
    if kernel.buffers.contains(where: \.isStreamed) {
      // Other threads read what was written once the kernel has returned.
      lines += "#if __has_builtin(__builtin_ia32_sfence)\n"
      line("__builtin_ia32_sfence();")
      lines += "#endif\n"
    }
    let body = lines
    lines = ""
    declareMemory()
    return """
      void \(symbol)(void *const *buffers, const i64 *sizes, void *scratch, i64 firstTile, \
      i64 endTile) {
      \(lines)\(body)}

      """
  }

  private mutating func declareMemory() {
    for (number, buffer) in kernel.buffers.enumerated() {
      let element = CTypes.scalar(buffer.element)
      let qualifier = buffer.isOutput ? "" : "const "
      line("\(qualifier)\(element) *const b\(number) = buffers[\(number)];")
    }
    for (number, offset) in kernel.scratchOffsets.enumerated() {
      let element = CTypes.scalar(kernel.scratch[number].element)
      line("\(element) *const t\(number) = (\(element) *)((u8 *)scratch + \(offset));")
    }
    for (number, parameter) in kernel.parameters.enumerated() {
      line("const i64 \(parameter.name) = sizes[\(number)];")
    }
  }

  private mutating func declareRegisters() {
    for (number, register) in kernel.registers.enumerated() {
      var names = ["r\(number)"]
      for extent in register.extents {
        names = names.flatMap { name in (0..<extent).map { "\(name)_\($0)" } }
      }
      line("\(valueType(register.type)) \(names.joined(separator: ", "));")
    }
  }

  mutating func line(_ text: String) {
    lines += String(repeating: "  ", count: depth) + text + "\n"
  }

  /// The C type of a value or register; a `bool` vector in a register has lanes of 4 bytes.
  mutating func valueType(_ type: LaneType, maskBytes: Int = 4) -> String {
    if type.element == .bool, type.lanes > 1 {
      return source.type(type.with(element: CTypes.integer(bytes: maskBytes)))
    }
    return source.type(type)
  }

  func name(_ value: ValueIndex) -> String {
    guard let name = names[value] else {
      preconditionFailure("internal: s\(value.rawValue) is read before it is defined")
    }
    return name
  }

  private mutating func write(_ statement: Statement) {
    switch statement {
    case .define(let value, let operation): define(value, operation)
    case .set(let place, let value):
      let type = kernel.type(value)
      if type.element == .bool, type.lanes > 1 {
        line("\(register(place)) = \(mask(value, bytes: 4));")
      } else {
        line("\(register(place)) = \(name(value));")
      }
    case .store(let address, let value, let count): store(address, value, count: count)
    case .prefetch(let address, let level): prefetch(address, level)
    case .tiles(let product, let step): tiles(product, step)
    case .loop(let loop): write(loop)
    case .conditional(let condition, let first, let second):
      line("if (\(name(condition))) {")
      block(first)
      if !second.isEmpty {
        line("} else {")
        block(second)
      }
      line("}")
    }
  }

  private mutating func block(_ statements: [Statement]) {
    depth += 1
    statements.forEach { write($0) }
    depth -= 1
  }

  private mutating func write(_ loop: Loop) {
    if loop.kind == .unrolled {
      guard let lower = constant(loop.lower), let upper = constant(loop.upper) else {
        preconditionFailure("internal: an unrolled loop of unknown length")
      }
      for number in stride(from: lower, to: upper, by: loop.step) {
        unrolled[loop.variable] = number
        line("{")
        block(loop.body)
        line("}")
      }
      unrolled[loop.variable] = nil
      return
    }
    if isNatural(loop.lower) { naturals.insert(loop.variable) }
    if loop.copies > 1 { line("#pragma clang loop unroll_count(\(loop.copies))") }
    // `i8` is a type.
    let variable = "x\(loop.variable)"
    let step = loop.step == 1 ? "++\(variable)" : "\(variable) += \(loop.step)"
    line(
      "for (i64 \(variable) = \(expression(loop.lower)); "
        + "\(variable) < \(expression(loop.upper)); \(step)) {")
    block(loop.body)
    line("}")
  }

  /// The C variable of a register.
  func register(_ place: RegisterPlace) -> String {
    place.indices.reduce("r\(place.register)") { name, index in
      guard let number = constant(index) else {
        preconditionFailure("internal: a register's place is not known")
      }
      return "\(name)_\(number)"
    }
  }

  /// The number of an index over unrolled loops alone.
  func constant(_ index: IndexExpression) -> Int? {
    resolved(index).constantValue?.constant
  }
}
