import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

/// Every standard pass on text: Before and After.
@Suite struct PassTextTests {
  @Test func expandGradients() throws {
    #expect(
      try rewritten(
        by: ExpandGradients.self,
        """
        graph "g" {
          entry "main" ("x" %0: f32[2]) {
            %1 = log(%0): f32[2]
            %2 = gradient(%1, %0) {isSeeded = false}: f32[2]
          } -> ("y" %2)
        }
        """) == """
          graph "g" {
            entry "main" ("x" %0: f32[2]) {
              %1 = constant() {value = f32[](1.0)}: f32[]
              %2 = broadcast_in_dim(%1) {shape = [2], dimensions = []}: f32[2]
              %3 = divide(%2, %0): f32[2]
            } -> ("y" %3)
          }

          """)
  }

  @Test func simplifyViewsOfPieces() throws {
    let (text, log) = try rewriting(
      by: SimplifyViews.self,
      """
      graph "g" {
        entry "main" ("x" %0: f32[8x6], "z" %1: f32[2x6]) {
          %2 = slice(%0) {starts = [1, 0], limits = [8, 6], strides = [2, 1]}: f32[4x6]
          %3 = slice(%2) {starts = [1, 2], limits = [4, 5], strides = [2, 1]}: f32[2x3]
          %4 = concatenate(%0, %1) {dimension = 0}: f32[10x6]
          %5 = slice(%4) {starts = [8, 1], limits = [10, 6], strides = [1, 1]}: f32[2x5]
          %6 = slice(%0) {starts = [0, 0], limits = [3, 6], strides = [1, 1]}: f32[3x6]
          %7 = slice(%0) {starts = [3, 0], limits = [8, 6], strides = [1, 1]}: f32[5x6]
          %8 = concatenate(%6, %7) {dimension = 0}: f32[8x6]
          %9 = reverse(%8) {dimensions = [0, 1]}: f32[8x6]
          %10 = reverse(%9) {dimensions = [1]}: f32[8x6]
        } -> ("a" %3, "b" %5, "c" %10)
      }
      """)
    #expect(
      text == """
        graph "g" {
          entry "main" ("x" %0: f32[8x6], "z" %1: f32[2x6]) {
            %2 = slice(%0) {starts = [3, 2], limits = [8, 5], strides = [4, 1]}: f32[2x3]
            %3 = slice(%1) {starts = [0, 1], limits = [2, 6], strides = [1, 1]}: f32[2x5]
            %4 = reverse(%0) {dimensions = [0]}: f32[8x6]
          } -> ("a" %2, "b" %3, "c" %4)
        }

        """)
    #expect(
      log.edits.map(\.reason) == [
        "one slice takes both", "it lies in piece 1", "the pieces are neighbours",
        "one reversal does both", "it changes neither shape nor order",
      ])
  }

  @Test func simplifyAlgebraOfBitsAndPowers() throws {
    let (text, log) = try rewriting(
      by: SimplifyAlgebra.self,
      """
      graph "g" {
        entry "main" ("p" %0: bool[3], "n" %1: u8[3], "x" %2: f32[3]) {
          %3 = not(%0): bool[3]
          %4 = not(%3): bool[3]
          %5 = and(%4, %4): bool[3]
          %6 = constant() {value = u8[](255)}: u8[]
          %7 = broadcast_in_dim(%6) {shape = [3], dimensions = []}: u8[3]
          %8 = and(%1, %7): u8[3]
          %9 = xor(%8, %8): u8[3]
          %10 = constant() {value = f32[](2.0)}: f32[]
          %11 = broadcast_in_dim(%10) {shape = [3], dimensions = []}: f32[3]
          %12 = power(%2, %11): f32[3]
          %13 = negate(%12): f32[3]
          %14 = abs(%13): f32[3]
        } -> ("a" %5, "b" %9, "c" %14)
      }
      """)
    #expect(
      text == """
        graph "g" {
          entry "main" ("p" %0: bool[3], "n" %1: u8[3], "x" %2: f32[3]) {
            %3 = constant() {value = u8[](0)}: u8[]
            %4 = broadcast_in_dim(%3) {shape = [3], dimensions = []}: u8[3]
            %5 = multiply(%2, %2): f32[3]
            %6 = abs(%5): f32[3]
          } -> ("a" %0, "b" %4, "c" %6)
        }

        """)
    #expect(
      log.edits.map(\.reason) == [
        "not(not(x)) is x", "x and x, x or x are x", "x and all ones is x", "x xor x is 0",
        "x to the power of 2 is x * x", "|-x| is |x|",
      ])
  }

  @Test func whatIsSimpleStays() throws {
    let text = """
      graph "g" {
        entry "main" ("x" %0: f32[8x6]) {
          %1 = slice(%0) {starts = [1, 0], limits = [8, 6], strides = [2, 1]}: f32[4x6]
          %2 = reverse(%1) {dimensions = [0]}: f32[4x6]
          %3 = exponential(%2): f32[4x6]
        } -> ("y" %3)
      }

      """
    for pass in Pipeline.standard.passes where pass != FuseGroups.self {
      let (after, log) = try rewriting(by: pass, text)
      #expect(after == text)
      #expect(log.passes[0].isUnchanged)
    }
  }
}
