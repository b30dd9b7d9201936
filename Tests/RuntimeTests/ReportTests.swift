import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct ReportTests {
  @Test(arguments: [1, 2]) func profiledRunsAreCounted(threads: Int) throws {
    var sketch = RunTests.chain(1000, tile: 64)
    sketch.plan.steps[0].cost = Step.Cost(flops: 2000, bytes: 8000)
    sketch.plan.steps[0].origins = "Model.swift:3"
    let session = try sketch.session(threads: threads)
    let x = Tensor((0..<1000).map { Float($0) })
    _ = try session.run([x])
    #expect(session.report.profiledRuns == 0)
    for _ in 0..<3 { _ = try session.run([x], options: RunOptions(profile: true)) }
    let report = session.report
    #expect(report.plan == "chain")
    #expect(report.threads == threads)
    #expect(report.profiledRuns == 3)
    #expect(report.steps.map(\.label) == ["affine", "partial_sums", "ordered_sum"])
    #expect(report.steps.map(\.runs) == [3, 3, 3])
    #expect(report.steps[0].origins == "Model.swift:3")
    #expect(report.steps[0].flops == 2000)
    #expect(report.steps[0].bytes == 8000)
    for step in report.steps {
      #expect(step.busyNanoseconds > 0)
    }
    let elapsed = report.steps.map(\.elapsedNanoseconds)
    #expect(elapsed.allSatisfy { $0 >= 0 })
    #expect(elapsed.reduce(0, +) <= report.elapsedNanoseconds)
  }
}
