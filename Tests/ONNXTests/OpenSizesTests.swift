import TenonCompiler
import TenonTensor
import Testing

@testable import TenonONNX

/// Operators import while sizes are open, and then give what they give for known sizes.
@Suite struct OpenSizesTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    /// The model on x, f32[n, 6], and k, i64[n].
    let build: @Sendable (inout ONNXSketch) -> Void
    var testDescription: String { name }

    /// One node `y` of x.
    init(
      _ op: String, _ inputs: [String] = ["x"], version: Int64 = 17,
      attributes: @escaping @Sendable () -> KeyValuePairs<String, Any> = { [:] }
    ) {
      name = op
      build = { sketch in
        sketch.model.opsetImport[0].version = version
        sketch.node(op, inputs, ["y"], attributes: attributes())
      }
    }

    init(named name: String, _ build: @escaping @Sendable (inout ONNXSketch) -> Void) {
      self.name = name
      self.build = build
    }
  }

  static let cases: [Case] = [
    Case("Softmax") { ["axis": 0] },
    Case("Softmax", version: 11) { ["axis": 0] },
    Case("Hardmax") { ["axis": 0] },
    Case("ReduceMean") { ["axes": [0], "keepdims": 0] },
    Case("ReduceLogSumExp") { ["axes": [0, 1]] },
    Case("ArgMax") { ["axis": 0] },
    Case("MeanVarianceNormalization") { ["axes": [0]] },
    Case("Gelu", version: 20) { ["approximate": "tanh"] },
    Case("Mod", ["x", "x"]) { ["fmod": 1] },
    Case(named: "Where") { sketch in
      sketch.initializer("limit", Tensor(Float(0.5)))
      sketch.node("Greater", ["x", "limit"], ["isOver"])
      sketch.node("Where", ["isOver", "x", "limit"], ["y"])
    },
    Case(named: "CumSum") { sketch in
      sketch.initializer("axis", [0])
      sketch.node("CumSum", ["x", "axis"], ["y"])
    },
    Case(named: "losses") { sketch in
      sketch.node("SoftmaxCrossEntropyLoss", ["x", "k"], ["y"], attributes: ["ignore_index": 2])
    },
    Case(named: "quantization") { sketch in
      sketch.initializer("scale", Tensor([0.25, 0.5, 1, 2, 0.125, 0.0625] as [Float]))
      sketch.initializer("zero", Tensor([1, 2, 3, 4, 5, 6] as [UInt8]))
      sketch.node("QuantizeLinear", ["x", "scale", "zero"], ["q"])
      sketch.node("DequantizeLinear", ["q", "scale", "zero"], ["y"])
    },
    Case(named: "DynamicQuantizeLinear") { sketch in
      sketch.node("DynamicQuantizeLinear", ["x"], ["y", "scale", "zero"])
    },
    Case("Dropout", version: 13),
    Case("CastLike", ["x", "k"], version: 19),
  ]

  static let feeds: [String: Tensor] = {
    let values = (0..<30).map { Float(($0 * 7) % 11) / 4 - 1 }
    return [
      "x": Tensor.certain { try Tensor(values, shape: [5, 6]) },
      "k": Tensor([0, 2, 5, 1, 3] as [Int64]),
    ]
  }()

  @Test(arguments: cases + networks, [nil, 9] as [Int?])
  func openSizesGiveWhatKnownOnesGive(_ one: Case, _ maximum: Int?) throws {
    var sketch = ONNXSketch()
    sketch.input("x", .f32, ["n", "6"])
    sketch.input("k", .i64, ["n"])
    one.build(&sketch)
    sketch.output("y")
    let known = try #require(try sketch.run(Self.feeds)["y"])
    for backend in [Backend.reference, .native] {
      let open = try #require(
        try sketch.run(Self.feeds, sizes: ["n": 5], maximum: maximum, backend)["y"])
      #expect(open.shape == known.shape)
      #expect(open.elementType == known.elementType)
      for (a, b) in zip(try open.doubles(), try known.doubles()) where !(a.isNaN && b.isNaN) {
        #expect(Swift.abs(a - b) <= 1e-5 * Swift.max(1, Swift.abs(b)))
      }
    }
  }

  /// What exporters record for `expand`: sizes of -1 are those of the input.
  @Test func chosenAndReducedSizesStayKnown() throws {
    var sketch = ONNXSketch()
    sketch.input("x", .f32, ["n", "6"])
    sketch.initializer("minusOne", [-1, 1])
    sketch.initializer("asked", [-1, 6])
    sketch.initializer("asked2", [2, 3])
    sketch.node("Equal", ["asked", "minusOne"], ["isOpen"])
    sketch.node("Where", ["isOpen", "asked2", "asked"], ["sizes"])
    sketch.node("ReduceProd", ["sizes"], ["count"], attributes: ["keepdims": 1])
    sketch.node("Neg", ["count"], ["less"])
    sketch.node("Neg", ["less"], ["same"])
    sketch.node("Range", ["zero", "limit", "one"], ["y"])
    sketch.initializer("zero", try Tensor([0] as [Int64], shape: []))
    sketch.initializer("one", try Tensor([1] as [Int64], shape: []))
    sketch.node("Reshape", ["same", "none"], ["limit"])
    sketch.initializer("none", [])
    sketch.output("y")
    let graph = try sketch.imported().graph
    let entry = try #require(graph.entry("main"))
    #expect("\(graph.type(graph.results(entry.region)[0]))" == "i64[12]")
  }
}
