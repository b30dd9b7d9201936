import Testing

@testable import TenonCodegen
@testable import TenonCompiler
@testable import TenonGraph

@Suite struct MachineSpeedTests {
  private let cache = KernelCache(folder: TemporaryFolder.make() + "/cache")

  private var used: Target {
    CompileOptions(cacheFolder: cache.folder).usedTarget
  }

  @Test func nothingMeasuredIsUsual() {
    #expect(MachineSpeed.stored(in: cache) == nil)
    #expect(used == Target.host())
  }

  @Test func whatWasMeasuredIsUsed() throws {
    let speed = try MachineSpeed.measure(keptIn: cache)
    #expect(MachineSpeed.stored(in: cache) == speed)
    #expect(speed.threads >= 1)
    // No machine starts a multiply-add a second, or a million in a nanosecond.
    for number in [
      speed.peakGFLOPS, speed.teamPeakGFLOPS, speed.streamGBPS, speed.teamStreamGBPS,
    ] {
      #expect(number > 1e-3 && number < 1e6)
    }
    #expect(used.peakGFLOPS == speed.peakGFLOPS)
    #expect(used.streamGBPS == speed.streamGBPS)
    #expect(
      CompileOptions(target: Target(.avx2), cacheFolder: cache.folder).usedTarget == Target(.avx2))
    #expect(speed.lines.map { $0.prefix { $0 != ":" } } == ["peak", "stream", "barrier"])
  }

  @Test(arguments: [
    "", "1 2 3 4 5", "1 2 3 4 5 6 7", "nan 2 3 4 5 6", "0 2 3 4 5 6", "1 2 0 4 5 6", "-1 2 3 4 5 6",
    "1e300 2 3 4 5 6", "a b c d e f",
  ])
  func damagedNotesAreNone(_ text: String) {
    cache.keepNote(
      text, named: MachineSpeed.noteName, about: MachineSpeed.subject(Target.host()))
    #expect(MachineSpeed.stored(in: cache) == nil)
    #expect(used == Target.host())
  }

  @Test func noteReadsBack() {
    let speed = MachineSpeed(
      peakGFLOPS: 107.25, teamPeakGFLOPS: 210.5, streamGBPS: 11.125, teamStreamGBPS: 18.5,
      barrierNanoseconds: 812, threads: 2)
    #expect(MachineSpeed(note: speed.note) == speed)
    #expect(
      speed.lines == [
        "peak: 107 by one thread, 211 by 2 GFLOP/s of f32 multiply-adds",
        "stream: 11 by one thread, 19 by 2 GB/s read from memory", "barrier: 812 ns",
      ])
    #expect(speed.peakGFLOPS(threads: 1) == 107.25)
    #expect(speed.peakGFLOPS(threads: 2) == 210.5)
    #expect(speed.peakGFLOPS(threads: 4) == 210.5)
  }
}
