import TenonTensor

@testable import TenonONNX

extension OpenSizesTests {
  /// Operators of networks on x, of which the first size is open.
  static let networks: [Case] = [
    Case(named: "MatMul") { sketch in
      sketch.initializer("w", numbers([6, 4]))
      sketch.node("MatMul", ["x", "w"], ["y"])
    },
    Case(named: "Gemm") { sketch in
      sketch.initializer("w", numbers([4, 6]))
      sketch.initializer("b", numbers([4]))
      sketch.node("Gemm", ["x", "w", "b"], ["y"], attributes: ["transB": 1])
    },
    Case(named: "Conv") { sketch in
      sketch.initializer("sizes", [0, 1, 6])
      sketch.initializer("w", numbers([2, 1, 3]))
      sketch.node("Reshape", ["x", "sizes"], ["image"])
      sketch.node(
        "Conv", ["image", "w"], ["y"], attributes: ["auto_pad": "SAME_UPPER", "strides": [2]])
    },
    Case(named: "Conv over an open size") { sketch in
      sketch.initializer("sizes", [1, 6, -1])
      sketch.initializer("w", numbers([2, 6, 3]))
      sketch.node("Reshape", ["x", "sizes"], ["image"])
      sketch.node("Conv", ["image", "w"], ["y"], attributes: ["pads": [1, 1]])
    },
    Case(named: "pooling") { sketch in
      sketch.initializer("sizes", [0, 1, 6])
      sketch.node("Reshape", ["x", "sizes"], ["image"])
      sketch.node(
        "MaxPool", ["image"], ["p"], attributes: ["kernel_shape": [2], "ceil_mode": 1])
      sketch.node("AveragePool", ["p"], ["y"], attributes: ["kernel_shape": [3]])
    },
    Case(named: "LayerNormalization") { sketch in
      sketch.initializer("s", numbers([6]))
      sketch.node("LayerNormalization", ["x", "s"], ["y"])
    },
    Case(named: "Einsum") { sketch in
      sketch.node("Einsum", ["x", "x"], ["y"], attributes: ["equation": "...i,...i->..."])
    },
    Case(named: "LSTM over an open length") { sketch in
      sketch.initializer("sizes", [-1, 1, 6])
      sketch.initializer("w", numbers([1, 8, 6]))
      sketch.initializer("r", numbers([1, 8, 2]))
      sketch.node("Reshape", ["x", "sizes"], ["steps"])
      sketch.node("LSTM", ["steps", "w", "r"], ["y"], attributes: ["hidden_size": 2])
    },
    Case(named: "Attention over an open length") { sketch in
      sketch.model.opsetImport[0].version = 23
      sketch.initializer("sizes", [1, -1, 6])
      sketch.node("Reshape", ["x", "sizes"], ["q"])
      sketch.node(
        "Attention", ["q", "q", "q"], ["y"],
        attributes: ["q_num_heads": 2, "kv_num_heads": 2, "is_causal": 1])
    },
  ]

  private static func numbers(_ shape: [Int]) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor.certain {
      try Tensor((0..<count).map { Float(($0 * 5) % 7) / 8 - 0.25 }, shape: shape)
    }
  }
}
