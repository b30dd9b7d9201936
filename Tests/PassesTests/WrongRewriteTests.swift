import TenonGraph
import TenonPasses
import TenonTensor
import Testing

/// Wrong rewrites of many kinds: each is named by `--verify`, and one like it that is right passes.
@Suite struct WrongRewriteTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let twist: any Twist.Type
    let message: String
    var testDescription: String { "\(twist)" }
  }

  static let cases: [Case] = [
    Case(
      twist: PadOffByOne.self,
      message: """
        rule twist: the replacement of pad computes something else; correct the rule
          its reason: it is a test
          result 0 at [1]: -3.467507839202881 before, 7.0 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: TransposeSwapped.self,
      message: """
        rule twist: the replacement of transpose computes something else; correct the rule
          its reason: it is a test
          result 0 at [0, 0, 1]: 3.554117202758789 before, -0.2319784164428711 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: DifferenceOfItself.self,
      message: """
        rule twist: the replacement of subtract computes something else; correct the rule
          its reason: it is a test
          result 0 at [0]: nan before, 0.0 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: ProductWithZero.self,
      message: """
        rule twist: the replacement of multiply computes something else; correct the rule
          its reason: it is a test
          result 0 at [0]: -0.0 before, 0.0 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: HalvingByShift.self,
      message: """
        rule twist: the replacement of divide computes something else; correct the rule
          its reason: it is a test
          result 0 at [4]: 0 before, -1 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: MaximumWithoutNaN.self,
      message: """
        rule twist: the replacement of maximum computes something else; correct the rule
          its reason: it is a test
          result 0 at [3]: nan before, -3.902797222137451 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: EmptyMaximumIsFinite.self,
      message: """
        rule twist: the replacement of reduce computes something else; correct the rule
          its reason: it is a test
          result 0 at []: -inf before, -3.4028234663852886e+38 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: SumLessAddend.self,
      message: """
        rule twist: the replacement of subtract computes something else; correct the rule
          its reason: it is a test
          result 0 at [0]: nan before, 1.0 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: UnsignedCompare.self,
      message: """
        rule twist: the replacement of compare computes something else; correct the rule
          its reason: it is a test
          result 0 at [2]: 0 before, 1 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: DroppedConvert.self,
      message: """
        rule twist: the replacement of convert computes something else; correct the rule
          its reason: it is a test
          result 0 at [0]: -3.0 before, -3.467507839202881 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: GroupCount.self,
      message: """
        rule twist: the replacement of convolution computes something else; correct the rule
          its reason: it is a test
          result 0 at [0, 0, 0]: 12.173304557800293 before, -4.9744038581848145 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: StrideForDilation.self,
      message: """
        rule twist: the replacement of convolution computes something else; correct the rule
          its reason: it is a test
          result 0 at [0, 0, 0]: 8.967236518859863 before, 6.843008995056152 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: ScatterReordered.self,
      message: """
        rule twist: the replacement of scatter computes something else; correct the rule
          its reason: it is a test
          result 0 at [1]: -6 before, -1112667302 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: RandomNumbersMerged.self,
      message: """
        rule twist: the replacement of random_bits computes something else; correct the rule
          its reason: it is a test
          result 0 at [0]: 369871820 before, 804487865 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: ValueMergedAcrossBarrier.self,
      message: """
        rule twist: optimization_barrier keeps apart what is before and after it; a rewrite must \
        record another in its place
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: FoldedWithWrongRounding.self,
      message: """
        rule twist: the replacement of add computes something else; correct the rule
          its reason: it is a test
          result 0 at []: 2048.0 before, 2050.0 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: ComparatorReversed.self,
      message: """
        rule twist: the replacement of sort computes something else; correct the rule
          its reason: it is a test
          result 0 at [0]: -1877671296 before, 1703865447 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: BroadcastOfWrongAxis.self,
      message: """
        rule twist: the replacement of broadcast_in_dim computes something else; correct the rule
          its reason: it is a test
          result 0 at [0, 1]: -3.467507839202881 before, -2.0337462425231934 after
          at M/model.swift:7
          in pass wrong-pass
        """),
    Case(
      twist: LoopTakenForDead.self,
      message: """
        rule twist: the replacement of while computes something else; correct the rule
          its reason: it is a test
          result 0 at []: 2 before, -1 after
          at M/model.swift:7
          in pass wrong-pass
        """),
  ]

  @Test(arguments: cases) func aWrongRewriteIsNamed(_ wrong: Case) throws {
    let message = try wrong.twist.messageOfWrong()
    #expect(message == wrong.message)
  }

  @Test(arguments: cases) func aRightOneLikeItPasses(_ right: Case) throws {
    #expect(try right.twist.checkedEditsOfRight() > 0)
  }
}
