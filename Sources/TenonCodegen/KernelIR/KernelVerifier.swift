import TenonGraph
import TenonTensor

extension Kernel {
  /// The first rule that the kernel breaks; nil where it breaks none.
  package func problem() -> String? {
    var verifier = KernelVerifier(kernel: self)
    do { try verifier.verify(body) } catch let broken as KernelVerifier.Broken {
      return broken.rule
    } catch { return "\(error)" }
    return nil
  }
}

/// Checks that values, variables and registers are known where they are read, and that types agree.
private struct KernelVerifier {
  struct Broken: Error { var rule: String }

  let kernel: Kernel
  private var values: Set<ValueIndex> = []
  private var variables: Set<Int> = [0]
  private var unrolled: Set<Int> = []

  init(kernel: Kernel) { self.kernel = kernel }

  private func require(_ condition: Bool, _ rule: @autoclosure () -> String) throws {
    if !condition { throw Broken(rule: rule()) }
  }

  mutating func verify(_ statements: [Statement]) throws {
    let before = values
    for statement in statements { try verify(statement) }
    values = before
  }

  private mutating func verify(_ statement: Statement) throws {
    switch statement {
    case .define(let value, let operation):
      try require(!values.contains(value), "s\(value.rawValue) is defined twice")
      for operand in operation.operands { try known(operand) }
      try verify(operation, kernel.type(value), "s\(value.rawValue) = \(operation)")
      values.insert(value)
    case .set(let place, let value):
      try known(value)
      try verify(place)
      try require(
        kernel.registers[place.register].type == kernel.type(value),
        "\(place) gets a value of type \(kernel.type(value))")
    case .store(let address, let value, let count):
      try known(value)
      try verify(address)
      try require(
        element(address.memory) == kernel.type(value).element,
        "a \(kernel.type(value)) is stored to \(address.memory)")
      if case .buffer(let number) = address.memory {
        try require(kernel.buffers[number].isOutput, "input b\(number) is written")
      }
      if let count { try scalar(count, "a count") }
    case .prefetch(let address, _): try verify(address)
    case .tiles(let product, let step): try verify(product, step)
    case .loop(let loop):
      try verify(loop.lower)
      try verify(loop.upper)
      try require(loop.step > 0, "i\(loop.variable) has the step \(loop.step)")
      try require(!variables.contains(loop.variable), "i\(loop.variable) is looped over twice")
      if loop.kind == .unrolled {
        try require(
          loop.lower.constantValue?.constant != nil && loop.upper.constantValue?.constant != nil,
          "the unrolled loop over i\(loop.variable) has no constant bounds")
        unrolled.insert(loop.variable)
      }
      variables.insert(loop.variable)
      try verify(loop.body)
      variables.remove(loop.variable)
      unrolled.remove(loop.variable)
    case .conditional(let condition, let first, let second):
      try known(condition)
      try require(
        kernel.type(condition) == LaneType(.bool), "a condition of type \(kernel.type(condition))")
      try verify(first)
      try verify(second)
    }
  }

  private func verify(_ product: TileProduct, _ step: TileStep) throws {
    for address in step.addresses { try verify(address) }
    let elements = [product.rowElement, product.columnElement, product.element]
    try require(
      [[.u8, .i8, .i32], [.i8, .u8, .i32], [.bf16, .bf16, .f32]].contains(elements),
      "tiles of \(elements)")
    try require(
      (1...16).contains(product.height) && (1...16).contains(product.tuples)
        && (1...2).contains(product.rowOffsets.count) && product.vectors <= product.mostVectors
        && product.rowOffsets.count * (product.mostVectors + 1) < 8, "\(product) has no registers")
    switch step {
    case .clear: break
    case .multiply(let rows, let columns):
      try require(
        columns.count == product.vectors && element(rows.memory) == product.rowElement
          && columns.allSatisfy { element($0.memory) == product.columnElement },
        "\(product): \(step)")
    case .store(let address):
      guard case .scratch = address.memory, element(address.memory) == product.element else {
        throw Broken(rule: "\(product): \(step)")
      }
    }
  }

  private func known(_ value: ValueIndex) throws {
    try require(values.contains(value), "s\(value.rawValue) is read where it is not defined")
  }

  private func scalar(_ value: ValueIndex, _ what: String) throws {
    try known(value)
    try require(
      kernel.type(value) == LaneType(.i64), "\(what) has the type \(kernel.type(value))")
  }

  private func verify(_ index: IndexExpression) throws {
    for axis in index.axes {
      try require(variables.contains(axis), "i\(axis) is read outside of its loop")
    }
    for value in index.scalars { try scalar(value, "an index") }
  }

  private func verify(_ address: Address) throws {
    try verify(address.offset)
    switch address.memory {
    case .buffer(let number):
      try require(kernel.buffers.indices.contains(number), "there is no b\(number)")
    case .scratch(let number):
      try require(kernel.scratch.indices.contains(number), "there is no t\(number)")
    }
  }

  private func verify(_ place: RegisterPlace) throws {
    try require(
      kernel.registers.indices.contains(place.register), "there is no r\(place.register)")
    try require(
      kernel.registers[place.register].extents.count == place.indices.count,
      "\(place) has another number of indices")
    for index in place.indices {
      try require(
        index.scalars.isEmpty && index.axes.allSatisfy(unrolled.contains),
        "\(place) is no constant place")
    }
  }

  private func element(_ memory: Memory) -> ElementType {
    switch memory {
    case .buffer(let number): kernel.buffers[number].element
    case .scratch(let number): kernel.scratch[number].element
    }
  }

  private func verify(_ operation: Operation, _ type: LaneType, _ text: String) throws {
    func same(_ values: ValueIndex...) throws {
      for value in values {
        try require(kernel.type(value) == type, "\(text): s\(value.rawValue) has another type")
      }
    }
    func lanes(_ values: ValueIndex..., element: ElementType? = nil) throws {
      for value in values {
        let found = kernel.type(value)
        try require(
          found.lanes == type.lanes && (element == nil || found.element == element),
          "\(text): s\(value.rawValue) has the type \(found)")
      }
    }
    switch operation {
    case .float: try require(type.element.isFloat, "\(text) has the type \(type)")
    case .integer, .laneNumber:
      try require(!type.element.isFloat, "\(text) has the type \(type)")
    case .index(let index):
      try verify(index)
      try require(type == LaneType(.i64), "\(text) has the type \(type)")
    case .splat(let a):
      let part = kernel.type(a)
      try require(
        part.element == type.element && type.lanes % part.lanes == 0,
        "\(text) has the type \(type)")
    case .load(let address, let count, let mask, let fill):
      try verify(address)
      try require(element(address.memory) == type.element, "\(text) has the type \(type)")
      try require((mask == nil) == (fill == nil), "\(text): a mask without a fill")
      if let count { try scalar(count, "a count") }
      if let mask {
        let width = kernel.type(mask)
        try require(
          width.element == .bool && (width.lanes == 1 || width.lanes == type.lanes),
          "\(text): the mask has the type \(width)")
        try require(width.lanes == 1 || count == nil, "\(text): a count beside a wide mask")
      }
      if let fill { try same(fill) }
    case .loadStrided(let address, let step, let mask, let fill):
      try verify(address)
      try require(step > 0, "\(text): a step of \(step)")
      try require(element(address.memory) == type.element, "\(text) has the type \(type)")
      try require((mask == nil) == (fill == nil), "\(text): a mask without a fill")
      if let mask { try lanes(mask, element: .bool) }
      if let fill { try same(fill) }
    case .gather(let address, let indices, let mask, let fill):
      try verify(address)
      try require(element(address.memory) == type.element, "\(text) has the type \(type)")
      try lanes(indices, element: .i64)
      if let mask { try lanes(mask, element: .bool) }
      if let fill { try same(fill) }
    case .read(let place):
      try verify(place)
      try require(
        kernel.registers[place.register].type == type, "\(text) has the type \(type)")
    case .unary(.isFinite, let a): try lanes(a)
    case .unary(_, let a): try same(a)
    case .binary(_, let a, let b), .interleave(let a, let b, _): try same(a, b)
    case .multiplyAdd(let a, let b, let c): try same(a, b, c)
    case .dotProduct(let a, let b, let c):
      try same(c)
      let elements = [kernel.type(a), kernel.type(b)].map(\.element)
      let isFloat = elements == [.bf16, .bf16]
      let width = elements == [.u8, .i8] ? 4 : elements == [.i16, .i16] || isFloat ? 2 : 0
      try require(
        type.element == (isFloat ? .f32 : .i32)
          && [a, b].allSatisfy { kernel.type($0).lanes == type.lanes * width },
        "\(text) has the type \(type)")
    case .floorDivide(let a, let b), .floorRemainder(let a, let b): try same(a, b)
    case .compare(_, let a, let b):
      try require(
        type.element == .bool && kernel.type(a) == kernel.type(b), "\(text) mixes types")
      try lanes(a, b)
    case .select(let a, let b, let c):
      try lanes(a, element: .bool)
      try same(b, c)
    case .convert(let a): try lanes(a)
    case .bitcast(let a):
      try lanes(a)
      try require(
        kernel.type(a).element.byteWidth == type.element.byteWidth, "\(text) changes the width")
    case .combineLanes(_, let a):
      try require(kernel.type(a).with(lanes: 1) == type, "\(text) has the type \(type)")
    case .allLanes(let a):
      try require(
        kernel.type(a).element == .bool && type == LaneType(.bool), "\(text) has the type \(type)")
    case .isSameMemory(let a, let b):
      for number in [a, b] {
        try require(kernel.buffers.indices.contains(number), "there is no b\(number)")
      }
      try require(type == LaneType(.bool), "\(text) has the type \(type)")
    }
  }
}
