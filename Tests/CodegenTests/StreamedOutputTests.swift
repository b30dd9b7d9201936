import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// Results larger than the caches are written past them.
@Suite struct StreamedOutputTests {
  private static func kernel(_ count: Int, _ target: Target) throws -> (KernelGroup, CompiledKernel)
  {
    let group = KernelCompilerTests.sum([Dimension(count)])
    return (group, try KernelCompiler(target: target, cache: NativeRun.cache).compile([group])[0])
  }

  @Test(arguments: Target.host().instructionSet.included.map { Target($0) })
  func largeResultsAreStreamed(target: Target) throws {
    let count = 8 << 20
    let (group, kernel) = try Self.kernel(count + 5, target)
    let isWide = target.vectorBytes >= 32
    #expect(kernel.source().contains("store_streamed") == isWide)
    #expect(kernel.kernel.description.contains("streamed output") == isWide)
    let numbers = Tensor((0..<count + 5).map { Float($0 % 1021) })
    let result = try NativeRun.run(
      kernel, inputs: [numbers, numbers], outputs: group.outputs, threads: 2)[0]
    let found = try result.scalars(as: Float.self)
    #expect(found.indices.allSatisfy { found[$0] == Float(2 * ($0 % 1021)) })
    #expect(try !Self.kernel(count - 1, target).1.source().contains("store_streamed"))
  }
}
