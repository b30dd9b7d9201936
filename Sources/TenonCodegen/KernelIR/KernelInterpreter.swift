import TenonGraph
import TenonTensor

/// Runs a kernel statement by statement: slow, for holding schedules and C against each other.
///
/// Every access is checked to lie in its memory, and every register and scratch element to be
/// written before it is read.
package struct KernelInterpreter {
  /// Why a kernel cannot go on: a mistake of a schedule.
  package struct Fault: Error, CustomStringConvertible {
    package let description: String
  }

  let kernel: Kernel
  /// True where `multiplyAdd` rounds once.
  let hasFMA: Bool
  let parameters: [Symbol: Int]
  private var memory: [Memory: [LaneNumber?]] = [:]
  /// By output's buffer, the input's whose memory it is.
  private var aliases: [Int: Int] = [:]
  private var registers: [[[LaneNumber]?]] = []
  private var values: [[LaneNumber]] = []
  private var variables: [Int]
  /// Sums in tiles, row by row.
  private var tileSums: [LaneNumber] = []

  /// - Parameter sizes: the kernel's size arguments in order.
  package init(_ kernel: Kernel, target: Target, sizes: [Int] = []) {
    self.kernel = kernel
    hasFMA = target.hasFMA
    parameters = Dictionary(uniqueKeysWithValues: zip(kernel.parameters, sizes))
    variables = [Int](repeating: 0, count: kernel.loopCount)
    values = [[LaneNumber]](repeating: [], count: kernel.types.count)
  }

  /// The outputs' elements, nil where nothing was written, after all tiles have run.
  ///
  /// - Parameters:
  ///   - outputCounts: how many elements each output has room for.
  ///   - inPlace: by output, the input whose memory it is.
  /// - Throws: a `Fault`, and what reading the inputs' elements throws.
  package mutating func run(
    inputs: [Tensor], outputCounts: [Int], inPlace: [Int: Int] = [:]
  ) throws -> [[LaneNumber?]] {
    aliases = [:]
    for (output, input) in inPlace { aliases[inputs.count + output] = input }
    for (number, tensor) in inputs.enumerated() {
      switch try tensor.elements() {
      case .floats(let elements): memory[.buffer(number)] = elements.map { .float($0) }
      case .integers(let elements): memory[.buffer(number)] = elements.map { .integer($0) }
      }
    }
    for (number, count) in outputCounts.enumerated() where inPlace[number] == nil {
      memory[.buffer(inputs.count + number)] = [LaneNumber?](repeating: nil, count: count)
    }
    for tile in 0..<(try size(kernel.tiles)) {
      for (number, part) in kernel.scratch.enumerated() {
        memory[.scratch(number)] = [LaneNumber?](repeating: nil, count: part.count)
      }
      registers = kernel.registers.map {
        [[LaneNumber]?](repeating: nil, count: $0.extents.reduce(1, *))
      }
      variables[0] = tile
      try run(kernel.body)
    }
    return outputCounts.indices.map { memory[root(.buffer(inputs.count + $0))]! }
  }

  /// The memory that holds the elements.
  private func root(_ memory: Memory) -> Memory {
    guard case .buffer(let number) = memory, let input = aliases[number] else { return memory }
    return .buffer(input)
  }

  private mutating func run(_ statements: [Statement]) throws {
    for statement in statements {
      switch statement {
      case .define(let value, let operation):
        values[value.index] = try evaluate(operation, kernel.type(value))
      case .set(let place, let value):
        registers[place.register][try element(place)] = values[value.index]
      case .store(let address, let value, let count):
        let offset = try number(address.offset)
        let real = count.map { Int(values[$0.index][0].integer) } ?? .max
        let target = root(address.memory)
        for (lane, element) in values[value.index].enumerated() where lane < real {
          let place = offset + lane
          guard memory[target]!.indices.contains(place) else {
            throw Fault(description: "\(statement) writes element \(place)")
          }
          memory[target]![place] = element
        }
      case .prefetch: continue
      case .tiles(let product, let step): try run(product, step)
      case .loop(let loop):
        var index = try number(loop.lower)
        let upper = try number(loop.upper)
        while index < upper {
          variables[loop.variable] = index
          try run(loop.body)
          index += loop.step
        }
      case .conditional(let condition, let first, let second):
        try run(values[condition.index][0].isTrue ? first : second)
      }
    }
  }

  private mutating func run(_ product: TileProduct, _ step: TileStep) throws {
    let count = product.vectors * TileProduct.columns
    func element(_ address: Address, _ offset: Int) throws -> LaneNumber {
      let place = try number(address.offset) + offset
      let elements = memory[root(address.memory)]!
      guard elements.indices.contains(place) else {
        throw Fault(description: "\(step) reads element \(place)")
      }
      // What lies past a piece's rows may be anything: its sums are not used.
      return elements[place] ?? (product.element.isFloat ? .float(0) : .integer(0))
    }
    switch step {
    case .clear:
      let zero: LaneNumber = product.element.isFloat ? .float(0) : .integer(0)
      tileSums = [LaneNumber](repeating: zero, count: product.rows * count)
    case .multiply(let rows, let columns):
      for place in tileSums.indices {
        let (row, column) = place.quotientAndRemainder(dividingBy: count)
        let (vector, lane) = column.quotientAndRemainder(dividingBy: TileProduct.columns)
        var parts = [Float](repeating: 0, count: product.width)
        for tuple in 0..<product.tuples {
          for part in 0..<product.width {
            let a = try element(rows, row * product.rowStride + tuple * product.width + part)
            let b = try element(
              columns[vector], tuple * product.columnStride + lane * product.width + part)
            if product.element.isFloat {
              // Sums of even and of odd numbers, then both.
              parts[part].addProduct(Float(a.double), Float(b.double))
            } else {
              let sum = tileSums[place].integer + a.integer * b.integer
              tileSums[place] = LaneNumber(sum, product.element)
            }
          }
        }
        if product.element.isFloat {
          let sum = Float(tileSums[place].double) + (parts[0] + parts[1])
          tileSums[place] = .float(Double(sum))
        }
      }
    case .store(let address):
      let offset = try number(address.offset)
      for (place, sum) in tileSums.enumerated() {
        let (row, column) = place.quotientAndRemainder(dividingBy: count)
        let target = offset + row * product.sumStride + column
        guard memory[address.memory]!.indices.contains(target) else {
          throw Fault(description: "\(step) writes element \(target)")
        }
        memory[address.memory]![target] = sum
      }
    }
  }

  private func size(_ size: Dimension) throws -> Int {
    guard let number = size.evaluated({ parameters[$0] }) else {
      throw Fault(description: "no number for the size \(size)")
    }
    return number
  }

  private func number(_ index: IndexExpression) throws -> Int {
    var sum = try size(index.constant)
    for term in index.terms {
      let atom: Int
      switch term.atom {
      case .axis(let variable): atom = variables[variable]
      case .scalar(let value): atom = Int(values[value.index][0].integer)
      case .floorDivide(let inner, let by):
        let (a, b) = (try number(inner), try size(by))
        atom = (a &- (a % b + b) % b) / b
      case .remainder(let inner, let by):
        let (a, b) = (try number(inner), try size(by))
        atom = (a % b + b) % b
      }
      sum = sum &+ atom &* (try size(term.coefficient))
    }
    return sum
  }

  /// The place of a register array's element.
  private func element(_ place: RegisterPlace) throws -> Int {
    var offset = 0
    for (extent, index) in zip(kernel.registers[place.register].extents, place.indices) {
      let number = try number(index)
      guard (0..<extent).contains(number) else {
        throw Fault(description: "\(place) is outside at \(number)")
      }
      offset = offset * extent + number
    }
    return offset
  }

  private func read(_ memory: Memory, _ place: Int) throws -> LaneNumber {
    let elements = self.memory[root(memory)]!
    guard elements.indices.contains(place) else {
      throw Fault(description: "element \(place) of \(memory) is read, past \(elements.count)")
    }
    guard let element = elements[place] else {
      throw Fault(description: "element \(place) of \(memory) is read before it is written")
    }
    return element
  }

  private func evaluate(_ operation: Operation, _ type: LaneType) throws -> [LaneNumber] {
    func lanes(_ value: ValueIndex) -> [LaneNumber] { values[value.index] }
    let zero: LaneNumber = type.element.isFloat ? .float(0) : .integer(0)
    switch operation {
    case .float(let number):
      return [LaneNumber](repeating: LaneNumber(number, type.element), count: type.lanes)
    case .integer(let number):
      return [LaneNumber](repeating: LaneNumber(number, type.element), count: type.lanes)
    case .index(let index): return [.integer(Int64(try number(index)))]
    case .laneNumber: return (0..<type.lanes).map { .integer(Int64($0)) }
    case .splat(let a): return (0..<type.lanes).map { lanes(a)[$0 % lanes(a).count] }
    case .load(let address, let count, let mask, let fill):
      let allowed = mask.map { lanes($0).map(\.isTrue) } ?? [true]
      let filling = fill.map(lanes) ?? []
      let offset = try number(address.offset)
      let real = count.map { Int(lanes($0)[0].integer) } ?? .max
      return try (0..<type.lanes).map { lane in
        if !allowed[allowed.count == 1 ? 0 : lane] { return filling[lane] }
        return lane < real ? try read(address.memory, offset + lane) : zero
      }
    case .loadStrided(let address, let step, let mask, let fill):
      let offset = try number(address.offset)
      return try (0..<type.lanes).map { lane in
        if let mask, let fill, !lanes(mask)[lane].isTrue { return lanes(fill)[lane] }
        return try read(address.memory, offset + lane * step)
      }
    case .gather(let address, let indices, let mask, let fill):
      let offset = try number(address.offset)
      return try (0..<type.lanes).map { lane in
        if let mask, !lanes(mask)[lane].isTrue { return fill.map { lanes($0)[lane] } ?? zero }
        return try read(address.memory, offset + Int(lanes(indices)[lane].integer))
      }
    case .read(let place):
      guard let value = registers[place.register][try element(place)] else {
        throw Fault(description: "\(place) is read before it is set")
      }
      return value
    case .unary(let function, let a):
      return lanes(a).map { LaneNumber.apply(function, $0, kernel.type(a).element) }
    case .binary(let function, let a, let b):
      return zip(lanes(a), lanes(b)).map { LaneNumber.apply(function, $0, $1, type.element) }
    case .multiplyAdd(let a, let b, let c):
      return zip(lanes(a), zip(lanes(b), lanes(c))).map {
        multiplyAdd($0, $1.0, $1.1, type.element)
      }
    case .dotProduct(let a, let b, let c):
      let width = lanes(a).count / type.lanes
      return lanes(c).enumerated().map { lane, sum in
        if type.element.isFloat {
          return (0..<width).reversed().reduce(sum) {
            multiplyAdd(lanes(a)[lane * width + $1], lanes(b)[lane * width + $1], $0, type.element)
          }
        }
        let products = (0..<width).reduce(sum.integer) {
          $0 + lanes(a)[lane * width + $1].integer * lanes(b)[lane * width + $1].integer
        }
        return LaneNumber(products, type.element)
      }
    case .floorDivide(let a, let b):
      return zip(lanes(a), lanes(b)).map {
        let (x, y) = ($0.integer, $1.integer)
        return .integer((x - (x % y + y) % y) / y)
      }
    case .floorRemainder(let a, let b):
      return zip(lanes(a), lanes(b)).map {
        let (x, y) = ($0.integer, $1.integer)
        return .integer((x % y + y) % y)
      }
    case .compare(let comparison, let a, let b):
      let element = kernel.type(a).element
      return zip(lanes(a), lanes(b)).map {
        .integer(LaneNumber.compare(comparison, $0, $1, element) ? 1 : 0)
      }
    case .select(let a, let b, let c):
      return zip(lanes(a), zip(lanes(b), lanes(c))).map { $0.isTrue ? $1.0 : $1.1 }
    case .convert(let a):
      let from = kernel.type(a).element
      return lanes(a).map { LaneNumber.converted($0, from, to: type.element) }
    case .bitcast(let a):
      let from = kernel.type(a).element
      return lanes(a).map { LaneNumber.bitcast($0, from, to: type.element) }
    case .combineLanes(let function, let a):
      var rest = lanes(a)
      while rest.count > 1 {
        let half = rest.count / 2
        rest = (0..<half).map {
          LaneNumber.apply(function, rest[$0], rest[$0 + half], type.element)
        }
      }
      return rest
    case .interleave(let a, let b, let upper):
      let half = type.lanes / 2
      let first = upper ? half : 0
      return (first..<first + half).flatMap { [lanes(a)[$0], lanes(b)[$0]] }
    case .allLanes(let a): return [.integer(lanes(a).allSatisfy(\.isTrue) ? 1 : 0)]
    case .isSameMemory(let a, let b):
      return [.integer(root(.buffer(a)) == root(.buffer(b)) ? 1 : 0)]
    }
  }

  private func multiplyAdd(
    _ a: LaneNumber, _ b: LaneNumber, _ c: LaneNumber, _ element: ElementType
  ) -> LaneNumber {
    guard hasFMA else {
      let product = LaneNumber.apply(.multiply, a, b, element)
      return LaneNumber.apply(.add, product, c, element)
    }
    if element == .f32 {
      let sum = Float(c.double).addingProduct(Float(a.double), Float(b.double))
      return .float(Double(sum))
    }
    return .float(c.double.addingProduct(a.double, b.double))
  }
}
