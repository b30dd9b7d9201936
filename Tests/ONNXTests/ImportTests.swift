import TenonGraph
import TenonTensor
import Testing

@testable import TenonONNX

@Suite struct ImportTests {
  /// The text of the error that an import throws.
  private func message(
    _ sketch: ONNXSketch, _ options: ONNXImportOptions = ONNXImportOptions()
  ) -> String {
    do { _ = try sketch.imported(options) } catch { return "\(error)" }
    return "no error"
  }

  @Test func namedSizesAreSymbols() throws {
    var sketch = ONNXSketch()
    sketch.input("x", .f32, ["batch", "3"])
    sketch.input("y", .f32, ["3"])
    sketch.node("Add", ["x", "y"], ["sum"], name: "add_1")
    sketch.output("sum")
    let graph = try sketch.imported().graph
    let entry = try #require(graph.entry("main"))
    let result = graph.results(entry.region)[0]
    #expect("\(graph.type(result))" == "f32[batch, 3]")
  }

  @Test func shapesGivenAsInputsAreBoundByValue() throws {
    var sketch = ONNXSketch()
    sketch.input("x", .f32, ["6"])
    sketch.input("shape", .i64, ["2"])
    sketch.node("Reshape", ["x", "shape"], ["y"], name: "reshape_1")
    sketch.output("y")
    #expect(
      message(sketch) == """
        Reshape: input 1 must be known
          inputs: x f32[6], shape i64[2]
          it depends on shape; bind the input by value, or give its size
          while importing node reshape_1 (Reshape)
          while importing sketch.onnx
        """)
    let feeds = [
      "x": try Tensor([Float](repeating: 0, count: 6), shape: [6]), "shape": Tensor([2, -1]),
    ]
    let imported = try sketch.imported(ONNXImportOptions(feeds: feeds))
    #expect(imported.boundInputs == ["shape"])
    let entry = try #require(imported.graph.entry("main"))
    #expect(
      "\(imported.graph.type(imported.graph.results(entry.region)[0]))" == "f32[2x3]")
  }

  @Test func unsupportedOperatorsAreToldAtOnce() {
    var sketch = ONNXSketch()
    sketch.input("x", .f32, ["6"])
    sketch.node("Foo", ["x"], ["y"], name: "foo_1")
    sketch.node("abs", ["x"], ["z"], name: "abs_1", domain: "my.ops")
    sketch.node("Foo", ["x"], ["w"], name: "foo_2")
    sketch.output("y")
    #expect(
      message(sketch) == """
        2 operators are not supported; `tenon ops --onnx` lists those that are
          Foo (ai.onnx 17) in 2 nodes: foo_1, foo_2
          abs (my.ops ?) in node abs_1; nearest: Abs of ai.onnx
          while importing sketch.onnx
        """)
  }

  @Test func nodesOutOfOrderAreSorted() throws {
    var sketch = ONNXSketch()
    sketch.input("x", .f32, ["6"])
    sketch.node("Neg", ["y"], ["z"])
    sketch.node("Abs", ["x"], ["y"])
    sketch.output("z")
    #expect(try sketch.imported().graph.entry("main") != nil)
    sketch.node("Add", ["b", "z"], ["a"], name: "first")
    sketch.node("Abs", ["a"], ["b"], name: "second")
    #expect(
      message(sketch) == """
        nodes read each other in a circle
          first, second
          while importing sketch.onnx
        """)
  }
}
