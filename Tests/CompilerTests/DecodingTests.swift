import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

/// A decoder with a key and value cache: one plan for every length of prompt and cache.
@Suite struct DecodingTests {
  /// Decodes so many tokens after a prompt with `run`, which is told how many tokens came before;
  /// each step's caches are the outputs of the one before. To leave the cycles that likeliest
  /// tokens fall into, each is moved on by its place.
  private func decode(
    _ sketch: DecoderSketch, prompt: [Int64], count: Int,
    _ run: (_ feeds: [String: Tensor], _ past: Int) throws -> [String: Tensor]
  ) throws -> (tokens: [Int64], last: [String: Tensor]) {
    var feeds = try ["tokens": Tensor(prompt, shape: [1, prompt.count])]
    for (name, _) in sketch.caches {
      feeds[name] = try Tensor([] as [Float], shape: sketch.cacheShape(0))
    }
    var (tokens, past, outputs) = ([Int64](), 0, [String: Tensor]())
    while tokens.count < count {
      outputs = try run(feeds, past)
      past += feeds["tokens"]!.shape[1]
      let likeliest = try outputs["next"]!.integers()[0]
      tokens.append((likeliest + Int64(past)) % Int64(sketch.vocabulary))
      feeds["tokens"] = try Tensor([tokens.last!], shape: [1, 1])
      for (name, present) in sketch.caches { feeds[name] = outputs[present]! }
    }
    return (tokens, outputs)
  }

  /// Where outputs differ from those of the same graph compiled for one length alone.
  private func differences(
    _ outputs: [String: Tensor], _ sketch: DecoderSketch, _ feeds: [String: Tensor], past: Int,
    _ weights: [String: Tensor], _ backend: Backend
  ) throws -> [String] {
    var exact = sketch
    exact.length = Dimension(feeds["tokens"]!.shape[1])
    exact.past = Dimension(past)
    let program = try compile(
      exact.record(), CompileOptions(entries: ["decode"], backend: backend))
    try program.setValues(weights)
    return try program.run("decode", feeds).sorted { $0.key < $1.key }.compactMap { name, value in
      try Tolerance.of(.composite, .f32).difference(outputs[name]!, value).map {
        "\(backend.rawValue) at past \(past): \(name) \($0)"
      }
    }
  }

  @Test func twoHundredTokensWithOnePlanEqualEachFixedLength() throws {
    let sketch = DecoderSketch()
    let program = try compile(sketch.record())
    let weights = try Dictionary(
      uniqueKeysWithValues: program.values().map { ($0.name, $0.value) })
    let (tokens, last) = try decode(sketch, prompt: [3, 14, 15, 9, 26], count: 200) {
      let (feeds, past) = ($0, $1)
      let outputs = try program.run("decode", feeds)
      var found = try differences(outputs, sketch, feeds, past: past, weights, .reference)
      if [0, 5, 68, 203].contains(past) {
        found += try differences(outputs, sketch, feeds, past: past, weights, .native)
      }
      #expect(found == [])
      return outputs
    }
    #expect(Set(tokens).count > 30)
    #expect(last["present_key_0"]!.shape == sketch.cacheShape(204))
  }

  @Test func threadsDecodeTheSameBits() throws {
    let sketch = DecoderSketch()
    let runs = try [1, 2].map { threads in
      let program = try compile(sketch.record(), CompileOptions(threads: threads))
      return try decode(sketch, prompt: [1, 2, 3], count: 40) { feeds, _ in
        try program.run("decode", feeds)
      }
    }
    #expect(runs[0].tokens == runs[1].tokens)
    #expect(runs[0].last["logits"]!.isIdentical(to: runs[1].last["logits"]!))
  }

  @Test func aCacheLongerThanItsMaximumIsRefused() throws {
    let sketch = DecoderSketch()
    let program = try compile(sketch.record())
    var feeds = try ["tokens": Tensor([1] as [Int64], shape: [1, 1])]
    for (name, _) in sketch.caches {
      let shape = sketch.cacheShape(249)
      feeds[name] = try Tensor([Float](repeating: 0, count: 249 * sketch.width), shape: shape)
    }
    let error = try #require(
      #expect(throws: TenonError.self) { try program.run("decode", feeds) })
    #expect(
      error.description
        == "decode: input past_key_0 given [1, 3, 249, 8] makes past 249, over its maximum 248; "
        + "declare it with a larger `maximum:`")
  }
}
