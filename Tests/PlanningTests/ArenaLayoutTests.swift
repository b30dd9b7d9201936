import TenonCodegen
import TenonTestKit
import Testing

@Suite struct ArenaLayoutTests {
  @Test(arguments: 0..<60) func liveBuffersNeverOverlapAndTheArenaIsNearTheBound(seed: Int) {
    var random = SplitMix(seed: UInt64(seed))
    let steps = 2 + random.below(60)
    let requests = (0..<random.below(120)).map { buffer in
      let first = random.below(steps)
      return ArenaLayout.Request(
        buffer: buffer, bytes: 64 * random.below(40),
        lifetime: first...min(steps - 1, first + random.below(6)))
    }
    let layout = ArenaLayout(requests, stepCount: steps)
    for (a, x) in requests.enumerated() {
      #expect(layout.offsets[a] % 64 == 0)
      #expect(layout.offsets[a] + x.bytes <= layout.bytes)
      for (b, y) in requests.enumerated().prefix(a)
      where x.lifetime.overlaps(y.lifetime) && x.bytes > 0 && y.bytes > 0 {
        #expect(
          layout.offsets[a] + x.bytes <= layout.offsets[b]
            || layout.offsets[b] + y.bytes <= layout.offsets[a])
      }
    }
    #expect(layout.liveBytes <= layout.bytes)
    // Random lifetimes are harder than those of graphs; a lost strategy would show here.
    #expect(Double(layout.bytes) <= 1.25 * Double(layout.liveBytes))
  }

  @Test func aChainNeedsTwoBuffers() {
    let requests = (0..<50).map {
      ArenaLayout.Request(buffer: $0, bytes: 128, lifetime: $0...($0 + 1))
    }
    let layout = ArenaLayout(requests, stepCount: 52)
    #expect(layout.bytes == 256)
    #expect(layout.liveBytes == 256)
  }

  @Test func nothingNeedsNoArena() {
    #expect(ArenaLayout([], stepCount: 0).bytes == 0)
  }
}
