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

  /// Channels in blocks: rows of the next pixels lie far apart from block to block, and weights
  /// lie as the loops over blocks, window and channels of a block walk them.
  @Test func rowsInBlocksComeIntoTheFirstCache() {
    let scheduler = Scheduler(target: Target(.avx2))
    func group(_ sizes: [Character: Int]) -> KernelGroup {
      var group = LayoutTests.matmul(
        ContractionTests.Case(
          lhs: "ncHW", rhs: "ocpq", result: "nohw",
          sizes: sizes.merging(["n": 1, "c": 64, "h": 12, "w": 12, "o": 64]) { $1 }))
      let blocked = Layout.blocked(1, by: 8, rank: 4)
      (group.inputs[0].layout, group.outputs[0].layout) = (blocked, blocked)
      return group
    }
    func layout(_ sizes: [Character: Int]) -> Layout? {
      scheduler.preferredLayouts(group(sizes), mayChange: [false, true])[1]
    }
    #expect(layout(["p": 3, "q": 3])?.description == "{0/8,1/8,2,3,8:1,8:0}")
    var pointwise = group(["p": 1, "q": 1])
    pointwise.inputs[1].layout = layout(["p": 1, "q": 1])
    let text = scheduler.schedule(pointwise).kernel.description
    #expect(text.contains("prefetch b0[") && text.contains(", level 1"))
  }
}
