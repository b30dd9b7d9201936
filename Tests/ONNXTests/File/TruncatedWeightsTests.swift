import Glibc
import TenonCompiler
import TenonTensor
import Testing

@testable import TenonONNX

/// A model file that is truncated while its weights are lent from its mapping.
@Suite struct TruncatedWeightsTests {
  let folder = ModelFolder()

  /// A model of 1 MB that adds its weights to `x`. They lie at a multiple of their size, so that
  /// they are lent and not copied.
  private func model() throws -> String {
    let weights = (0..<262_144).map { Float($0 % 100 + 1) }
    let start = weights.prefix(8).withUnsafeBytes { Array($0) }
    for padding in 0..<4 {
      var sketch = ONNXSketch()
      sketch.model.graph.name += String(repeating: "-", count: padding)
      sketch.input("x", .f32, ["262144"])
      sketch.initializer("w", Tensor(weights))
      sketch.node("Add", ["x", "w"], ["y"], name: "add")
      sketch.output("y")
      let bytes = try sketch.bytes
      let place = try #require(
        bytes.indices.first { bytes[$0] == start[0] && bytes[$0...].starts(with: start) })
      if place % 4 == 0 { return try folder.write(bytes, "m.onnx") }
    }
    preconditionFailure("internal: no padding aligns the weights")
  }

  private func truncated(_ path: String) -> String {
    "\(path): the file was truncated while its bytes were in use, so results would be wrong; "
      + "open it again, and replace files by renaming, not in place"
  }

  @Test(arguments: [Backend.native, .portable, .reference])
  func runsReportIt(_ backend: Backend) throws {
    let path = try model()
    let graph = try ONNXModel(path: path).graph().graph
    let program = try compile(graph, CompileOptions(backend: backend))
    let x = Tensor([Float](repeating: 1, count: 262_144))
    let sums = try program.run("main", ["x": x])["y"]!.scalars(as: Float.self)
    #expect(sums.prefix(3) == [2, 3, 4])
    truncate(path, 4096)
    for _ in 0..<2 {
      #expect(ModelBytes.message { try program.run("main", ["x": x]) } == truncated(path))
    }
  }

  @Test func compilingReportsIt() throws {
    let path = try model()
    let graph = try ONNXModel(path: path).graph().graph
    truncate(path, 4096)
    #expect(ModelBytes.message { try compile(graph) } == truncated(path))
  }

  @Test func savingReportsItAndLeavesNoFile() throws {
    let path = try model()
    let graph = try ONNXModel(path: path).graph().graph
    truncate(path, 4096)
    let saved = "\(folder.path)/m.tenon"
    #expect(ModelBytes.message { try graph.save(to: saved) } == truncated(path))
    #expect(access(saved, F_OK) != 0)
  }
}
