import TenonGraph
import TenonOps
import TenonTensor
import Testing

@Suite struct ElementwiseRefusalTests {
  static let sameShape = "operands must have one shape; insert `broadcast` first"
  static let sameElement = "operands must have one element type; insert `convert` first"

  @Test func unary() {
    for op in [
      Ceil(), Floor(), RoundNearestEven(), RoundNearestAfz(), Sine(), Cosine(), Tangent(),
      Arcsine(), Arccosine(), Arctangent(), HyperbolicSine(), HyperbolicCosine(),
      HyperbolicTangent(), InverseHyperbolicSine(), InverseHyperbolicCosine(),
      InverseHyperbolicTangent(), ErrorFunction(), Logistic(), Exponential(),
      ExponentialMinusOne(), Log(), LogPlusOne(), SquareRoot(), ReciprocalSquareRoot(), CubeRoot(),
      IsFinite(),
    ] as [any Op] {
      expectRefusals([
        (op, ["i32[2]"], "is not defined for i32"), (op, ["bool[]"], "is not defined for bool"),
        (op, ["f8e4m3fn[3]"], "is not defined for f8e4m3fn"),
        (op, ["f32[2]", "f32[2]"], "takes x, given 2 operands"),
      ])
    }
    expectRefusals([
      (Abs(), ["u8[2]"], "is not defined for u8"), (Sign(), ["bool[2]"], "is not defined for bool"),
      (Negate(), ["bool[2]"], "is not defined for bool"),
      (Not(), ["f32[2]"], "is not defined for f32"),
      (PopulationCount(), ["bool[2]"], "is not defined for bool"),
      (CountLeadingZeros(), ["f16[2]"], "is not defined for f16"),
    ])
  }

  @Test func binary() {
    for op in [
      Add(), Subtract(), Multiply(), Divide(), Remainder(), Maximum(), Minimum(), Power(),
    ] as [any Op] {
      expectRefusals([
        (op, ["f32[2]", "f32[3]"], Self.sameShape), (op, ["f32[2]", "f32[]"], Self.sameShape),
        (op, ["f32[2]", "f64[2]"], Self.sameElement),
        (op, ["u4[2]", "u4[2]"], "is not defined for u4"),
        (op, ["f32[2]"], "takes x, y, given 1 operands"),
      ])
    }
    for op in [And(), Or(), Xor()] as [any Op] {
      expectRefusals([
        (op, ["f32[2]", "f32[2]"], "is not defined for f32"),
        (op, ["i32[2]", "i32[1]"], Self.sameShape), (op, ["bool[2]", "u8[2]"], Self.sameElement),
      ])
    }
    for op in [ShiftLeft(), ShiftRightLogical(), ShiftRightArithmetic()] as [any Op] {
      expectRefusals([
        (op, ["bool[2]", "bool[2]"], "is not defined for bool"),
        (op, ["i32[2]", "i64[2]"], Self.sameElement),
      ])
    }
    expectRefusals([
      (Arctangent2(), ["i32[2]", "i32[2]"], "is not defined for i32"),
      (Compare(.less), ["f32[2]", "f32[3]"], Self.sameShape),
      (Compare(.equal), ["f32[2]", "i32[2]"], Self.sameElement),
      (Compare(.equal), ["i4[2]", "i4[2]"], "is not defined for i4"),
    ])
  }

  @Test func selections() {
    expectRefusals([
      (Clamp(), ["f32[]", "f32[2]", "f64[]"], Self.sameElement),
      (Clamp(), ["bool[]", "bool[2]", "bool[]"], "is not defined for bool"),
      (
        Clamp(), ["f32[3]", "f32[2]", "f32[]"],
        "bounds must have the operand's shape or rank 0; insert `broadcast` first"
      ),
      (
        Select(), ["f32[2]", "f32[2]", "f32[2]"], "the predicate must be bool; compare first"
      ),
      (
        Select(), ["bool[2]", "f32[2]", "f32[3]"],
        "both choices must have one shape; insert `broadcast` first"
      ),
      (
        Select(), ["bool[3]", "f32[2]", "f32[2]"],
        "the predicate must have the choices' shape or rank 0; insert `broadcast` first"
      ),
      (Select(), ["bool[2]", "f32[2]", "i32[2]"], Self.sameElement),
    ])
  }

  @Test func conversions() {
    expectRefusals([
      (Convert(to: .string), ["f32[2]"], "is not defined for string"),
      (Convert(to: .f32), ["complex64[2]"], "is not defined for complex64"),
      (BitcastConvert(to: .bool), ["u8[2]"], "is not defined for bool"),
      (BitcastConvert(to: .u8), ["u4[2]"], "is not defined for u4"),
      (
        BitcastConvert(to: .f32), ["u8[2, 3]"],
        "the last axis must hold the 4 pieces of one f32"
      ),
      (BitcastConvert(to: .u64), ["u32[]"], "the last axis must hold the 2 pieces of one u64"),
    ])
    #expect(refusal(BitcastConvert(to: .u16), ["f64[3]"]) == "accepted, gives u16[3x4]")
    #expect(refusal(BitcastConvert(to: .f32), ["u8[3, 4]"]) == "accepted, gives f32[3]")
  }
}
