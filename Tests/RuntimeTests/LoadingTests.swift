import Glibc
import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct LoadingTests {
  @Test func objectsLoadFromBytes() throws {
    var sketch = RunTests.chain(1000, tile: 64)
    let file = try #require(fopen(TestKernels.path, "r"))
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    fclose(file)
    sketch.plan.objects = [.bytes(bytes)]
    let sessions = try (0..<3).map { _ in try sketch.session() }
    for session in sessions {
      let results = try session.run([Tensor((0..<1000).map { Float($0) })])
      #expect(try results[1].scalar(as: Float.self) == 1_000_000)
    }
  }

  @Test func missingKernelsAreNamed() throws {
    var sketch = RunTests.chain(1000, tile: 64)
    sketch.plan.kernels.append(KernelReference(object: 0, symbol: "no_such_kernel"))
    expectError(
      "plan chain: its objects have no kernel `no_such_kernel`; compile the model again"
    ) { try sketch.session() }
  }

  @Test func objectsThatDoNotLoadAreNamed() throws {
    var sketch = PlanSketch("damaged")
    sketch.plan.objects = [.file("/no/such/kernels.so")]
    expectError(
      """
      plan damaged: cannot load kernel file /no/such/kernels.so; compile the model again
        /no/such/kernels.so: cannot open shared object file: No such file or directory
      """
    ) { try sketch.session() }
    sketch.plan.objects = [.bytes(Array("not an object".utf8))]
    do {
      _ = try sketch.session()
      Issue.record("the bytes were loaded")
    } catch let error as TenonError {
      #expect(error.code == "kernel-load")
      #expect(error.message == "plan damaged: cannot load object 0; compile the model again")
    }
  }

  @Test func plansOverTheMemoryLimitAreRefused() throws {
    var sketch = PlanSketch("large")
    _ = sketch.arena("a", .f32, [262144])
    _ = sketch.output("y", .f32, [131072])
    _ = sketch.prepared("p", .f32, [64])
    _ = sketch.variable("w", .f32, [3])
    sketch.plan.scratchBytesPerThread = 1024
    expectError(
      """
      large: needs 1.5 MiB but may take 1.0 MiB; raise `maximumMemory` or compile for smaller sizes
        arena 1.0 MiB
        scratch 2.0 KiB
        outputs 512.0 KiB
        prepared 256 bytes
        variables 12 bytes
      """
    ) { try sketch.session(maximumMemory: 1 << 20) }
    #expect(try sketch.session(maximumMemory: 2 << 20).report.memory.peak == 1_575_180)
  }
}
