import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// What kernels of contractions ask for before they read it.
@Suite struct ContractionPrefetchTests {
  private func text(_ sizes: [Character: Int], isPacked: Bool = true) -> String {
    let scheduler = Scheduler(target: Target(.avx2))
    var group = LayoutTests.matmul(
      ContractionTests.Case(lhs: "mk", rhs: "kn", result: "mn", sizes: sizes))
    if isPacked {
      group.inputs[1].layout =
        scheduler.preferredLayouts(group, mayChange: [false, true])[1]
    }
    return scheduler.schedule(group).kernel.description
  }

  @Test func theNextPanelComesIntoTheSecondCache() {
    let packed = text(["m": 128, "n": 512, "k": 256])
    #expect(packed.contains("prefetch b1["))
    #expect(packed.contains(", level 2"))
    #expect(!packed.contains(", level 1"))
  }

  /// A panel made by the kernel, few rows, and a panel too large to stay beside another.
  @Test func otherPanelsAreNot() {
    #expect(!text(["m": 128, "n": 512, "k": 256], isPacked: false).contains("prefetch"))
    #expect(!text(["m": 12, "n": 512, "k": 256]).contains("prefetch"))
    #expect(!text(["m": 128, "n": 512, "k": 6000]).contains("prefetch"))
  }

  @Test func pixelsOfTheNextBlocksComeIntoTheFirstCache() {
    let sizes: [Character: Int] = ["n": 1, "c": 64, "h": 14, "w": 14, "o": 64]
    let group = LayoutTests.matmul(
      ContractionTests.Case(lhs: "nchw", rhs: "oc", result: "nohw", sizes: sizes)
    ).inBlocks(of: 8)
    let text = Scheduler(target: Target(.avx2)).schedule(group).kernel.description
    #expect(text.contains("prefetch b0["), "\(text)")
    #expect(text.contains(", level 1"))
  }

  /// Beside them, how often loops over few products are written out.
  @Test func shortLoopsAreWrittenOut() {
    let group = LayoutTests.matmul(
      ContractionTests.Case(
        lhs: "kmp", rhs: "kpn", result: "mn", sizes: ["m": 128, "n": 512, "k": 3, "p": 3]))
    let window = Scheduler(target: Target(.avx2)).schedule(group).kernel.description
    // Both loops, for pieces of six rows and of five.
    #expect(window.split(separator: "copies(3) for").count == 5, "\(window)")
    #expect(text(["m": 128, "n": 512, "k": 7]).contains("copies(7) for"))
    #expect(text(["m": 128, "n": 512, "k": 256]).contains("copies(4) for"))
  }
}
