import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

@Suite struct KernelCompilerTests {
  /// `a + b` over a shape.
  static func sum(_ shape: Shape) -> KernelGroup {
    var program = ScalarProgram()
    let place = shape.indices.map { IndexExpression.axis($0) }
    let a = program.add(.load(operand: 0, place, guards: [], fill: nil), .f32)
    let b = program.add(.load(operand: 1, place, guards: [], fill: nil), .f32)
    let c = program.add(.binary(.add, a, b), .f32)
    let type = TensorType(.f32, shape)
    return KernelGroup(
      inputs: [type, type], outputs: [type],
      body: .single(.compute(Compute(axes: Array(shape), program: program, results: [c]))))
  }

  @Test(arguments: NativeRun.targets)
  func addsOnEveryTarget(target: Target) throws {
    let compiler = KernelCompiler(target: target, cache: NativeRun.cache)
    let group = KernelCompilerTests.sum([3, 70])
    let kernel = try compiler.compile([group])[0]
    let a = try Tensor((0..<210).map { Float($0) }, shape: [3, 70])
    let b = try Tensor((0..<210).map { Float($0) * 0.5 }, shape: [3, 70])
    let result = try NativeRun.run(kernel, inputs: [a, b], outputs: group.outputs)[0]
    #expect(try result.scalars(as: Float.self) == (0..<210).map { Float($0) * 1.5 })
  }
}
