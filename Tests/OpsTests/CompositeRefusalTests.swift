import TenonGraph
import TenonOps
import TenonTensor
import Testing

@Suite struct CompositeRefusalTests {
  @Test func activations() {
    for op in [
      LeakyRelu(), Relu6(), Elu(), Selu(), Celu(), Gelu(), Silu(), Mish(), Softplus(), Softsign(),
      LogSigmoid(), HardSigmoid(), HardSwish(), HardTanh(), Softmax(axis: 0), LogSoftmax(axis: 0),
      Glu(axis: 0),
    ] as [any Op] { expectRefusals([(op, ["i32[2]"], "is not defined for i32")]) }
    expectRefusals([
      (Softmax(axis: 1), ["f32[2]"], "axis 1 is out of range for rank 1"),
      (LogSoftmax(axis: -2), ["f32[2]"], "axis -2 is out of range for rank 1"),
      (Glu(axis: 0), ["f32[3]"], "axis 0 of size 3 does not divide into two halves"),
      (PRelu(), ["f32[2, 3]", "f32[1, 3]"], "the slope must have rank 0 or 1"),
      (PRelu(), ["f32[2, 3]", "f32[2]"], "2 slopes for axis 1 of size 3"),
    ])
  }

  @Test func contractions() {
    expectRefusals([
      (Matmul(), ["f32[]", "f32[2]"], "operands must have rank 1 or more"),
      (
        Matmul(), ["f32[2, 3]", "f32[2, 3]"],
        "the last size 3 of x and the first 2 of y's matrices must agree; `transpose` one"
      ),
      (
        Matmul(), ["f32[2, 2, 3]", "f32[3, 3, 4]"], "batch sizes 2 and 3 are neither equal nor 1"
      ),
      (
        LinearProjection(), ["f32[2, 3]", "f32[4]"],
        "x needs rank 1 or more and the weight rank 2, (outputs, inputs)"
      ),
      (
        LinearProjection(), ["f32[2, 3]", "f32[4, 2]"],
        "the last size 3 of x must be the weight's inputs, 2"
      ),
      (
        LinearProjection(), ["f32[2, 3]", "f32[4, 3]", "f32[3]"],
        "the bias must have one number for each of 4 outputs"
      ),
      (
        Einsum("ij,jk-ik"), ["f32[2, 3]", "f32[3, 4]"],
        "the equation \"ij,jk-ik\" must read like ij,jk->ik, each label of the result once"
      ),
      (Einsum("ij,jk"), ["f32[2, 3]"], "the equation names 2 operands, given 1"),
      (Einsum("ij->i"), ["f32[2]"], "operand 0 has rank 1 for the labels ij"),
      (Einsum("ij,jk"), ["f32[2, 3]", "f32[2, 4]"], "label j has the sizes 3 and 2"),
      (Einsum("ij"), ["bool[2, 2]"], "is not defined for bool"),
    ])
  }

  @Test func normalizations() {
    expectRefusals([
      (LayerNormalization(), ["f32[]"], "cannot normalize over the last 1 axes of rank 0"),
      (
        LayerNormalization(), ["f32[2, 3]", "f32[2]"], "scale? must have shape [3], not [2]"
      ),
      (
        RMSNormalization(normalizedRank: 3), ["f32[2, 3]"],
        "cannot normalize over the last 3 axes of rank 2"
      ),
      (
        GroupNormalization(groups: 2), ["f32[3]"],
        "needs an operand of (batch, channels, spatial…)"
      ),
      (GroupNormalization(groups: 0), ["f32[2, 4]"], "groups must be at least 1, given 0"),
      (
        GroupNormalization(groups: 2), ["f32[2, 3]"], "3 channels do not divide into 2 groups"
      ),
      (
        BatchNormalization(), ["f32[2, 3]", "f32[3]", "f32[3]", "f32[3]", "f32[2]"],
        "variance must have shape [3], not [2]"
      ),
      (
        BatchNormalizationTraining(axis: 2), ["f32[2, 3]", "f32[3]", "f32[3]"],
        "axis 2 is out of range for rank 2"
      ),
    ])
  }

  @Test func attention() {
    let q = "f32[1, 4, 3, 2]"
    expectRefusals([
      (
        ScaledDotProductAttention(), [q, q], "takes query, key, value, more…, given 2 operands"
      ),
      (
        ScaledDotProductAttention(hasMask: true, hasPast: true), [q, q, q],
        "takes query, key, value, mask, past key and value, given 3 operands"
      ),
      (
        ScaledDotProductAttention(), [q, "f32[4, 3, 2]", q],
        "key must be (batch, heads, length, depth), not of rank 3"
      ),
      (
        ScaledDotProductAttention(), [q, "f32[1, 4, 3, 3]", q],
        "query and key must agree in batch and depth"
      ),
      (
        ScaledDotProductAttention(), [q, "f32[1, 4, 5, 2]", q],
        "key and value must agree in batch, heads and positions"
      ),
      (
        ScaledDotProductAttention(), [q, "f32[1, 3, 5, 2]", "f32[1, 3, 5, 2]"],
        "4 query heads do not divide among 3 key heads"
      ),
      (
        ScaledDotProductAttention(hasMask: true), [q, q, q, "i32[3, 3]"],
        "the mask must be bool or f32, not i32"
      ),
      (
        ScaledDotProductAttention(hasMask: true), [q, q, q, "bool[3, 4]"],
        "the mask [3, 4] does not repeat to the scores' [1, 4, 3, 3]"
      ),
      (
        ScaledDotProductAttention(hasPast: true), [q, q, q, "f64[1, 4, 3, 2]", q],
        "past key and value must be like key and value, not f64[1x4x3x2]"
      ),
      (
        ScaledDotProductAttention(hasPast: true), [q, q, q, "f32[1, 4, 3, 3]", q],
        "past key and value must be like key and value but for their positions"
      ),
    ])
  }

  @Test func recurrentNetworks() {
    let bias = ["f32[4]", "f32[4]"]
    expectRefusals([
      (
        LongShortTermMemory(),
        ["f32[2, 1]", "f32[4, 1]", "f32[4, 1]"] + bias
          + ["f32[1, 1]", "f32[1, 1]"], "x must be (length, batch, inputs), not of rank 2"
      ),
      (
        LongShortTermMemory(gates: "ifg"),
        ["f32[2, 1, 1]", "f32[4, 1]", "f32[4, 1]"] + bias
          + ["f32[1, 1]", "f32[1, 1]"], "the order of gates must be like ifgo, not ifg"
      ),
      (
        LongShortTermMemory(),
        ["f32[2, 1, 1]", "f32[4, 2]", "f32[4, 1]"] + bias
          + ["f32[1, 1]", "f32[1, 1]"], "inputWeight must be [4, 1], not [4, 2]"
      ),
      (
        GatedRecurrentUnit(gates: "rz"),
        ["f32[2, 1, 1]", "f32[3, 1]", "f32[3, 1]"]
          + ["f32[3]", "f32[3]", "f32[1, 1]"], "the order of gates must be like rzn, not rz"
      ),
      (
        RecurrentLayer(),
        ["f32[2, 1, 1]", "f32[3, 1]", "f32[3]"]
          + ["f32[3]", "f32[3]", "f32[1, 3]"],
        "the state's weight must be (gates · hidden, hidden)"
      ),
    ])
  }

  @Test func quantization() {
    expectRefusals([
      (Quantize(to: .i64), ["f32[2]", "f32[]"], "cannot quantize to i64"),
      (Quantize(to: .i8), ["f32[2]", "f64[]"], "the scale must be f32 as x, not f64"),
      (
        Quantize(to: .i8, axis: 0), ["f32[2]", "f32[3]"],
        "the scale must be of rank 0 or [2], not [3]"
      ),
      (
        Quantize(to: .i8), ["f32[2]", "f32[]", "u8[]"],
        "the zero point must be i8 as the result, not u8"
      ),
      (
        Quantize(to: .i8), ["f32[2]", "f32[]", "i8[1]"],
        "the zero point must have the scale's shape"
      ),
      (
        Dequantize(axis: 0, blockSize: 2), ["i8[3]", "f32[1]"],
        "axis 0 of size 3 does not divide into blocks of 2"
      ),
      (
        Dequantize(axis: 0, blockSize: 0), ["i8[3]", "f32[1]"],
        "the block size must be at least 1, given 0"
      ),
      (Dequantize(), ["f32[3]", "f32[]"], "cannot dequantize from f32"),
      (Dequantize(), ["i8[3]", "i32[]"], "the scale must be a float, not i32"),
      (
        Dequantize(), ["i8[3]", "f32[]", "u8[]"], "the zero point must be i8 as x, not u8"
      ),
    ])
  }

  @Test func losses() {
    for op in [
      SquaredError(), AbsoluteError(), HuberLoss(), BinaryCrossEntropy(),
      BinaryCrossEntropyWithLogits(), KullbackLeiblerDivergence(),
    ] as [any Op] {
      expectRefusals([
        (
          op, ["f32[2]", "f32[3]"],
          "prediction and target must have one shape; insert `broadcast` first"
        ),
        (
          op, ["f32[2]", "f64[2]"], "operands must have one element type; insert `convert` first"
        ),
        (op, ["i32[2]", "i32[2]"], "is not defined for i32"),
      ])
    }
    expectRefusals([
      (NegativeLogLikelihood(), ["f32[2, 3]", "f32[2]"], "labels must be integers"),
      (
        NegativeLogLikelihood(), ["f32[]", "i32[]"],
        "log-probabilities need an axis of classes, the last"
      ),
      (
        NegativeLogLikelihood(), ["f32[2, 3]", "i32[3]"],
        "labels must have the log-probabilities' shape without the last axis"
      ),
      (CrossEntropy(), ["f32[]", "i32[]"], "logits need an axis of classes, the last"),
      (
        RandomDropout(rate: 2), ["f32[2]", "u32[2]", "i64[]"],
        "the rate must lie between 0 and 1, given 2.0"
      ),
      (RandomDropout(rate: 0.5), ["f32[2]", "u32[3]", "i64[]"], "the key must be u32[2]"),
    ])
  }

  @Test func linearAlgebra() {
    expectRefusals([
      (Cholesky(), ["f32[3]"], "needs matrices, the last two axes"),
      (Cholesky(), ["f32[3, 2]"], "matrices must be square, not 3 by 2"),
      (
        TriangularSolve(), ["f32[2, 2]", "f32[2]"],
        "needs matrices, the last two axes, of one rank; given 2 and 1"
      ),
      (TriangularSolve(), ["f32[2, 3]", "f32[3, 1]"], "a must be square, not 2 by 3"),
      (TriangularSolve(), ["f32[2, 2]", "f32[3, 2]"], "b has size 3 where a has 2"),
      (
        TriangularSolve(), ["f32[4, 2, 2]", "f32[3, 2, 2]"], "batch sizes 4 and 3 differ"
      ),
      (
        FourierTransform(.forward, lengths: [3]), ["f32[3]"], "takes real and imaginary parts"
      ),
      (
        FourierTransform(.realForward, lengths: [3]), ["f32[3]", "f32[3]"],
        "takes real parts alone"
      ),
      (
        FourierTransform(.forward, lengths: [3]), ["f32[3]", "f32[4]"],
        "real and imaginary parts must have one type"
      ),
      (
        FourierTransform(.realForward, lengths: [1, 3]), ["f32[3]"],
        "cannot transform 2 axes of an operand of rank 1"
      ),
      (
        FourierTransform(.realInverse, lengths: [8]), ["f32[4]", "f32[4]"],
        "axis 0 must have size 5 for length 8, not 4"
      ),
    ])
  }
}
