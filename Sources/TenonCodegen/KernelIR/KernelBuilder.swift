import TenonGraph
import TenonTensor

/// Writes a kernel statement by statement; equal pure values of one scope are one.
package final class KernelBuilder {
  package private(set) var kernel: Kernel
  private var blocks: [[Statement]] = [[]]
  private var known: [[Operation: [LaneType: ValueIndex]]] = [[:]]
  private var extents: [Int: Dimension] = [:]
  private var shared: [String: Int] = [:]

  package init(parameters: [Symbol], buffers: [Kernel.Buffer]) {
    kernel = Kernel(parameters: parameters, buffers: buffers)
  }

  /// The finished kernel.
  package func finish(tiles: Dimension) -> Kernel {
    precondition(blocks.count == 1, "internal: a kernel ends inside a loop")
    kernel.tiles = tiles
    kernel.body = blocks[0]
    return kernel
  }

  package func type(_ value: ValueIndex) -> LaneType { kernel.type(value) }

  package func scratch(_ element: ElementType, count: Int) -> Memory {
    kernel.scratch.append(Kernel.Scratch(element: element, count: count))
    return .scratch(kernel.scratch.count - 1)
  }

  /// Scratch memory that parts of the kernel which never run together share under a name.
  package func scratch(_ element: ElementType, count: Int, sharedAs name: String) -> Memory {
    if let known = shared[name] {
      precondition(kernel.scratch[known].element == element, "internal: scratch of two types")
      kernel.scratch[known].count = max(kernel.scratch[known].count, count)
      return .scratch(known)
    }
    shared[name] = kernel.scratch.count
    return scratch(element, count: count)
  }

  package func register(_ type: LaneType, extents: [Int] = []) -> Int {
    kernel.registers.append(Kernel.Register(type: type, extents: extents))
    return kernel.registers.count - 1
  }

  /// The value of an operation.
  package func define(_ operation: Operation, _ type: LaneType) -> ValueIndex {
    if operation.isPure {
      for scope in known.reversed() {
        if let value = scope[operation]?[type] { return value }
      }
    }
    let value = ValueIndex(kernel.types.count)
    kernel.types.append(type)
    emit(.define(value, operation))
    if operation.isPure { known[known.count - 1][operation, default: [:]][type] = value }
    return value
  }

  package func emit(_ statement: Statement) { blocks[blocks.count - 1].append(statement) }

  package func set(_ place: RegisterPlace, _ value: ValueIndex) { emit(.set(place, value)) }

  package func read(_ place: RegisterPlace) -> ValueIndex {
    define(.read(place), kernel.registers[place.register].type)
  }

  package func store(_ address: Address, _ value: ValueIndex, count: ValueIndex? = nil) {
    emit(.store(address, value, count: count))
  }

  package func prefetch(_ address: Address, into level: CacheLevel) {
    emit(.prefetch(address, level))
  }

  /// A loop over a new variable.
  package func loop(
    from lower: IndexExpression = IndexExpression(0), to upper: IndexExpression, step: Int = 1,
    kind: Loop.Kind = .serial, copies: Int = 1, _ body: (IndexExpression) -> Void
  ) {
    let variable = kernel.loopCount
    kernel.loopCount += 1
    let statements = scope { body(.axis(variable)) }
    if statements.isEmpty { return }
    emit(
      .loop(
        Loop(
          variable: variable, lower: lower, upper: upper, step: step, kind: kind,
          copies: copies, body: statements)))
  }

  /// Statements that run where `condition` holds.
  package func conditional(
    _ condition: ValueIndex, then: () -> Void, otherwise: () -> Void = {}
  ) {
    let first = scope(then)
    let second = scope(otherwise)
    emit(.conditional(condition, first, second))
  }

  /// Notes that a loop's variable stays in `0 ..< extent`, for simplification.
  package func bound(_ variable: IndexExpression, below extent: Dimension) {
    if let number = variable.singleAxis { extents[number] = extent }
  }

  /// What a loop's variable stays below, where it is known.
  package func extent(_ variable: Int) -> Dimension? { extents[variable] }

  private func scope(_ body: () -> Void) -> [Statement] {
    blocks.append([])
    known.append([:])
    body()
    known.removeLast()
    return blocks.removeLast()
  }
}

// Values that schedules use often.
extension KernelBuilder {
  package func index(_ expression: IndexExpression) -> ValueIndex {
    if expression.constant == 0, expression.terms.count == 1, expression.terms[0].coefficient == 1,
      case .scalar(let value) = expression.terms[0].atom
    {
      return value
    }
    if let number = expression.constantValue?.constant {
      return define(.integer(Int64(number)), LaneType(.i64))
    }
    return define(.index(expression), LaneType(.i64))
  }

  package func splat(_ value: ValueIndex, lanes: Int) -> ValueIndex {
    let type = type(value)
    if type.lanes == lanes { return value }
    precondition(type.lanes == 1, "internal: a vector of other lanes")
    return define(.splat(value), LaneType(type.element, lanes: lanes))
  }

  package func binary(_ function: BinaryFunction, _ a: ValueIndex, _ b: ValueIndex) -> ValueIndex {
    define(.binary(function, a, b), type(a))
  }

  /// The lesser of two indices.
  package func minimum(_ a: IndexExpression, _ b: IndexExpression) -> IndexExpression {
    if let difference = (a - b).constantValue?.constant { return difference <= 0 ? a : b }
    return .scalar(binary(.minimum, index(a), index(b)))
  }
}
