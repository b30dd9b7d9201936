import Glibc
import TenonCodegen
import TenonGraph
import TenonTensor
import TenonTestKit

/// Computes a group element by element, straight from its stages: slow, and independent of every
/// schedule.
struct GroupEvaluator {
  enum Scalar {
    case float(Double)
    case integer(Int64)

    var double: Double {
      switch self {
      case .float(let value): value
      case .integer(let value): Double(value)
      }
    }
    var integer: Int64 {
      switch self {
      case .float(let value): Int64(value)
      case .integer(let value): value
      }
    }
  }

  /// Elements in memory that others may write meanwhile.
  struct Buffer {
    var element: ElementType
    var shape: [Int]
    var start: UnsafeMutableRawPointer
    /// What lies there in a layout; nil for row-major order.
    var packed: TensorType?

    subscript(place: Int) -> Scalar {
      get {
        let at = start + place * element.byteWidth
        switch element {
        case .f32: return .float(Double(at.loadUnaligned(as: Float.self)))
        case .f64: return .float(at.loadUnaligned(as: Double.self))
        case .bool, .u8: return .integer(Int64(at.loadUnaligned(as: UInt8.self)))
        case .i32: return .integer(Int64(at.loadUnaligned(as: Int32.self)))
        case .i64: return .integer(at.loadUnaligned(as: Int64.self))
        default: preconditionFailure("not in these tests")
        }
      }
      nonmutating set {
        let at = start + place * element.byteWidth
        switch element {
        case .f32: at.storeBytes(of: Float(newValue.double), as: Float.self)
        case .f64: at.storeBytes(of: newValue.double, as: Double.self)
        case .bool, .u8:
          at.storeBytes(of: UInt8(truncatingIfNeeded: newValue.integer), as: UInt8.self)
        case .i32: at.storeBytes(of: Int32(truncatingIfNeeded: newValue.integer), as: Int32.self)
        case .i64: at.storeBytes(of: newValue.integer, as: Int64.self)
        default: preconditionFailure("not in these tests")
        }
      }
    }
  }

  let group: KernelGroup
  let sizes: (Symbol) -> Int?

  func run(_ inputs: [Tensor]) throws -> [Tensor] {
    let held = inputs.map { tensor in
      Buffer(
        element: tensor.elementType, shape: tensor.shape,
        start: tensor.storage.bytes + tensor.byteOffset)
    }
    let outputs = try group.outputs.map { type in
      try Tensor(type.element, shape: type.shape.evaluated(sizes)!) { _ in }
    }
    var random = SplitMix(seed: 7)
    run(
      held,
      outputs.map { Buffer(element: $0.elementType, shape: $0.shape, start: $0.storage.bytes) },
      &random)
    return outputs
  }

  /// Computes rows in a random order, each stage's elements of a row in a random order, storing
  /// each element at once.
  func run(_ inputs: [Buffer], _ outputs: [Buffer], _ random: inout SplitMix) {
    guard case .stages(let stages) = group.body else { preconditionFailure("no stages") }
    let rows = group.sharedAxes
    var temporaries: [UnsafeMutableRawPointer] = []
    defer { for memory in temporaries { memory.deallocate() } }
    let results = stages.map { stage in
      zip(stage.compute.results, stage.results).map { result, destination -> Buffer in
        if case .output(let place) = destination { return outputs[place] }
        let shape = stage.compute.axes.map(size)
        let type = stage.compute.program.type(result)
        let memory = UnsafeMutableRawPointer.allocate(
          byteCount: RowMajor.count(shape) * type.byteWidth + 1, alignment: 64)
        temporaries.append(memory)
        return Buffer(element: type, shape: shape, start: memory)
      }
    }
    let operands = stages.map { stage in
      stage.operands.map { operand -> Buffer in
        switch operand {
        case .input(let input):
          var buffer = inputs[input]
          if group.inputs[input].layout != nil {
            buffer.packed = group.inputs[input]
            buffer.shape = group.inputs[input].shape.constants!
          }
          return buffer
        case .stage(let earlier, let result): return results[earlier][result]
        }
      }
    }
    func shuffled(_ shape: [Int]) -> [[Int]] {
      var all: [[Int]] = []
      RowMajor.forEachIndex(shape) { all.append($0) }
      all.shuffle(using: &random)
      return all
    }
    for row in shuffled(stages[0].compute.axes.prefix(rows).map(size)) {
      for (place, stage) in stages.enumerated() {
        let shape = stage.compute.axes.map(size)
        for rest in shuffled(Array(shape.dropFirst(rows))) {
          let index = row + rest
          let values = evaluate(stage.compute, operands[place], index)
          let offset = zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }
          for (result, value) in zip(results[place], values) { result[offset] = value }
        }
      }
    }
  }

  private func size(_ dimension: Dimension) -> Int { dimension.evaluated(sizes)! }

  private func evaluate(_ compute: Compute, _ operands: [Buffer], _ index: [Int]) -> [Scalar] {
    var reduced: [Scalar] = []
    if let reduction = compute.reduction {
      let zero = index + reduction.axes.map { _ in 0 }
      let start = run(reduction.program, zero, [], operands, needed: reduction.initial)
      reduced = reduction.initial.map { start[$0.index]! }
      RowMajor.forEachIndex(reduction.axes.map(size)) { inner in
        let all = run(reduction.program, index + inner, [], operands, needed: reduction.values)
        for (place, value) in reduction.values.enumerated() {
          reduced[place] = GroupEvaluator.combine(
            reduction.combiner, reduced[place], all[value.index]!, reduction.program.type(value))
        }
      }
      // Rounded once, after the last.
      for (place, value) in reduction.values.enumerated() {
        if case .float(let sum) = reduced[place] {
          reduced[place] = .float(
            GroupEvaluator.rounded(sum, reduction.program.type(value)))
        }
      }
    }
    let all = run(compute.program, index, reduced, operands, needed: compute.results)
    return compute.results.map { all[$0.index]! }
  }

  private static func combine(_ combiner: Combiner, _ a: Scalar, _ b: Scalar, _ type: ElementType)
    -> Scalar
  {
    let function: BinaryFunction =
      switch combiner {
      case .sum: .add
      case .product: .multiply
      case .maximum: .maximum
      case .minimum: .minimum
      case .and: .and
      case .or: .or
      case .program: preconditionFailure("not in these tests")
      }
    // Sums of floats keep their full width, as the reference's do.
    return binary(function, a, b, type == .f32 ? .f64 : type)
  }

  private func run(
    _ program: ScalarProgram, _ axes: [Int], _ reduced: [Scalar], _ operands: [Buffer],
    needed: [ScalarID]
  ) -> [Scalar?] {
    let isNeeded = program.needed(for: needed)
    var values = [Scalar?](repeating: nil, count: isNeeded.count)
    func value(_ expression: IndexExpression) -> Int {
      var total = size(expression.constant)
      for term in expression.terms {
        let atom: Int =
          switch term.atom {
          case .axis(let axis): axes[axis]
          case .floorDivide(let inner, let by):
            Int((Double(value(inner)) / Double(size(by))).rounded(.down))
          case .remainder(let inner, let by):
            ((value(inner) % size(by)) + size(by)) % size(by)
          case .scalar(let scalar): Int(values[scalar.index]!.integer)
          }
        total += size(term.coefficient) * atom
      }
      return total
    }
    func holds(_ guards: [Guard]) -> Bool {
      guards.allSatisfy { condition in
        switch condition {
        case .within(let expression, let bound):
          (0..<size(bound)).contains(value(expression))
        case .multiple(let expression, let factor): value(expression) % factor == 0
        }
      }
    }
    for (place, instruction) in program.instructions.enumerated() where isNeeded[place] {
      let type = program.types[place]
      func old(_ scalar: ScalarID) -> Scalar { values[scalar.index]! }
      switch instruction {
      case .float(let number): values[place] = .float(number)
      case .integer(let number): values[place] = .integer(number)
      case .size(let dimension): values[place] = .integer(Int64(size(dimension)))
      case .index(let expression): values[place] = .integer(Int64(value(expression)))
      case .load(let operand, let index, let guards, let fill):
        if holds(guards) {
          let buffer = operands[operand]
          let places = index.map(value)
          var offset = 0
          for (at, size) in zip(places, buffer.shape) {
            precondition((0..<size).contains(at), "load outside of its operand")
            offset = offset * size + at
          }
          if let type = buffer.packed {
            offset = type.offset(places.map { IndexExpression(Dimension($0)) })
              .constantValue!.constant!
          }
          values[place] = buffer[offset]
        } else {
          values[place] = old(fill!)
        }
      case .holds(let guards): values[place] = .integer(holds(guards) ? 1 : 0)
      case .unary(let function, let a):
        values[place] = GroupEvaluator.unary(function, old(a), type)
      case .binary(let function, let a, let b):
        values[place] = GroupEvaluator.binary(function, old(a), old(b), type)
      case .compare(let comparison, let a, let b):
        values[place] = .integer(GroupEvaluator.compare(comparison, old(a), old(b)) ? 1 : 0)
      case .select(let p, let a, let b): values[place] = old(p).integer != 0 ? old(a) : old(b)
      case .convert(let a):
        if type.isFloat {
          values[place] = .float(GroupEvaluator.rounded(old(a).double, type))
        } else if case .float(let number) = old(a) {
          values[place] = .integer(
            type == .bool ? (number != 0 ? 1 : 0) : type.saturated(number))
        } else {
          values[place] = old(a)
        }
      case .bitcast, .parameter: preconditionFailure("not in these tests")
      case .reduced(let position): values[place] = reduced[position]
      }
    }
    return values
  }

  private static func rounded(_ value: Double, _ type: ElementType) -> Double {
    type == .f32 ? Double(Float(value)) : value
  }

  private static func unary(_ function: UnaryFunction, _ a: Scalar, _ type: ElementType) -> Scalar {
    guard case .float(let x) = a else {
      switch function {
      case .negate: return .integer(-a.integer)
      case .not: return .integer(type == .bool ? 1 - a.integer : ~a.integer)
      default: preconditionFailure("not in these tests")
      }
    }
    let value: Double =
      switch function {
      case .negate: -x
      case .exponential: exp(x)
      case .log: log(x)
      case .hyperbolicTangent: tanh(x)
      case .squareRoot: x.squareRoot()
      default: preconditionFailure("not in these tests")
      }
    return .float(rounded(value, type))
  }

  private static func binary(
    _ function: BinaryFunction, _ a: Scalar, _ b: Scalar, _ type: ElementType
  ) -> Scalar {
    if case .float(let x) = a {
      let y = b.double
      let value: Double =
        switch function {
        case .add: x + y
        case .subtract: x - y
        case .multiply: x * y
        case .divide: x / y
        case .maximum: x.isNaN || y.isNaN ? .nan : max(x, y)
        case .minimum: x.isNaN || y.isNaN ? .nan : min(x, y)
        default: preconditionFailure("not in these tests")
        }
      return .float(rounded(value, type))
    }
    let (x, y) = (a.integer, b.integer)
    switch function {
    case .add: return .integer(x &+ y)
    case .subtract: return .integer(x &- y)
    case .multiply: return .integer(x &* y)
    case .maximum: return .integer(max(x, y))
    case .minimum: return .integer(min(x, y))
    case .and: return .integer(x & y)
    case .or: return .integer(x | y)
    default: preconditionFailure("not in these tests")
    }
  }

  private static func compare(_ comparison: Comparison, _ a: Scalar, _ b: Scalar) -> Bool {
    let (x, y) = (a.double, b.double)
    return switch comparison {
    case .equal: x == y
    case .notEqual: x != y
    case .less: x < y
    case .lessOrEqual: x <= y
    case .greater: x > y
    case .greaterOrEqual: x >= y
    }
  }
}
