@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

extension KernelGroup {
  /// One result whose elements are an expression of the operands' elements at the same index.
  static func elementwise(
    _ operands: [ElementType], _ shape: Shape,
    _ body: (inout ScalarProgram, [ScalarID]) -> ScalarID
  ) -> KernelGroup {
    var program = ScalarProgram()
    let place = shape.indices.map { IndexExpression.axis($0) }
    let loads = operands.enumerated().map {
      program.add(.load(operand: $0, place, guards: [], fill: nil), $1)
    }
    let result = body(&program, loads)
    return KernelGroup(
      inputs: operands.map { TensorType($0, shape) },
      outputs: [TensorType(program.type(result), shape)],
      body: .single(.compute(Compute(axes: Array(shape), program: program, results: [result]))))
  }

  static func unary(_ function: UnaryFunction, _ element: ElementType, count: Int) -> KernelGroup {
    .elementwise([element], [Dimension(count)]) { program, loads in
      program.add(.unary(function, loads[0]), function == .isFinite ? .bool : element)
    }
  }

  static func binary(
    _ function: BinaryFunction, _ element: ElementType, count: Int
  ) -> KernelGroup {
    .elementwise([element, element], [Dimension(count)]) { program, loads in
      program.add(.binary(function, loads[0], loads[1]), element)
    }
  }
}

/// Random numbers that are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
