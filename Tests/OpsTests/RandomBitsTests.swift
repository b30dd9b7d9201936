import TenonGraph
import TenonOps
import TenonTensor
import Testing

@Suite struct RandomBitsTests {
  /// The known answers of the Random123 distribution (`kat_vectors`, philox4x32 10).
  @Test func blocksMatchTheKnownAnswers() {
    #expect(
      RandomBits.block([0, 0, 0, 0], [0, 0])
        == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
    let ones = UInt32.max
    #expect(
      RandomBits.block([ones, ones, ones, ones], [ones, ones])
        == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
    #expect(
      RandomBits.block(
        [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0])
        == [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
  }

  @Test func uniformNumbersFillTheirRange() throws {
    let graph = Graph("uniform")
    let stream = RandomStream(seed: 7, name: "x")
    try graph.output("x", graph.randomUniform(.f32, [4096], in: -2..<2, stream: stream))
    graph.finishRecording()
    let values = try Interpreter(graph).run(graph.entry("main")!, inputs: [:])
      .outputs[0].value.scalars(as: Float.self)
    #expect(values.allSatisfy { $0 >= -2 && $0 < 2 })
    #expect(abs(values.reduce(0, +) / 4096) < 0.1)
    #expect(Set(values).count > 4000)
  }
}
