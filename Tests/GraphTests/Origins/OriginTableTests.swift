import Testing

@testable import TenonGraph

@Suite struct OriginTableTests {
  @Test func equalSitesAreOneLeaf() {
    let table = OriginTable()
    let a = table.leaf(CallSite(fileID: "M/a.swift", line: 1))
    let b = table.leaf(CallSite(fileID: "M/a.swift", line: 2))
    let c = table.leaf(CallSite(fileID: "M/b.swift", line: 1))
    #expect([a, b, c].map(\.rawValue) == [0, 1, 2])
    #expect(table.leaf(CallSite(fileID: "M/a.swift", line: 1)) == a)
    #expect(table.leaf(CallSite(fileID: "M/b.swift", line: 1)) == c)
    #expect(table.count == 3)
    #expect(table.lines(b) == ["M/a.swift:2"])
  }

  @Test func returnAddressesAreOneLeafWhenAllFramesAgree() {
    let table = OriginTable()
    func site(_ primary: UInt, _ last: UInt) -> CallSite {
      CallSite(.init(primary: primary, callers: (2, 3, last)))
    }
    let a = table.leaf(site(1, 4))
    #expect(table.leaf(site(1, 4)) == a)
    #expect(table.leaf(site(1, 5)) != a)
    #expect(table.leaf(site(2, 4)) != a)
    #expect(table.count == 3)
  }

  @Test func textLeaves() {
    let table = OriginTable()
    let conv = table.leaf(text: "node conv_3")
    #expect(table.leaf(text: "node conv_3") == conv)
    #expect(table.leaf(text: "node conv_4") != conv)
    #expect(table.primaryLine(conv) == "node conv_3")
  }

  @Test func noneIsTheIdentityOfUnion() {
    let table = OriginTable()
    let a = table.leaf(text: "a")
    #expect(table.union(.none, .none) == .none)
    #expect(table.union(a, .none) == a)
    #expect(table.union(.none, a) == a)
    #expect(table.union(a, a) == a)
    #expect(table.lines(.none) == [])
    #expect(table.primaryLine(.none) == nil)
    #expect(table.count == 1)
  }

  @Test func unionsAreStoredOnce() {
    let table = OriginTable()
    let a = table.leaf(text: "a")
    let b = table.leaf(text: "b")
    let c = table.leaf(text: "c")
    let ab = table.union(a, b)
    #expect(table.union(a, b) == ab)
    #expect(table.union(ab, a) == ab)
    #expect(table.union(ab, b) == ab)
    #expect(table.union(a, ab) == ab)
    let ba = table.union(b, a)
    #expect(ba != ab)
    let abc = table.union(ab, c)
    #expect(table.count == 6)
    #expect(table.lines(abc) == ["a", "b", "c"])
    #expect(table.lines(ba) == ["b", "a"])
    #expect(table.primaryLine(abc) == "a")
    #expect(table.primaryLine(ba) == "b")
    #expect(table.entry(abc) == .union(ab, c))
    #expect(table.entry(c) == .leaf("c"))
  }

  @Test func linesAreInOrderOfFirstOccurrence() {
    let table = OriginTable()
    let leaves = (0..<6).map { table.leaf(text: "line \($0)") }
    let left = table.union(table.union(leaves[3], leaves[1]), table.union(leaves[5], leaves[1]))
    let right = table.union(table.union(leaves[0], leaves[3]), leaves[2])
    let all = table.union(left, right)
    #expect(table.lines(all) == [3, 1, 5, 0, 2].map { "line \($0)" })
  }

  @Test func differentLeavesWithOneTextPrintOnce() {
    let table = OriginTable()
    let called = table.leaf(CallSite(fileID: "M/a.swift", line: 3))
    let loaded = table.leaf(text: "M/a.swift:3")
    #expect(called != loaded)
    #expect(table.lines(table.union(called, loaded)) == ["M/a.swift:3"])
  }

  @Test func aChainOfAMillionUnionsOnEitherSide() {
    let table = OriginTable()
    let lines = (0..<10).map { table.leaf(CallSite(fileID: "M/a.swift", line: $0)) }
    var left = table.leaf(text: "first left")
    var right = table.leaf(text: "last right")
    for step in 0..<1_000_000 {
      left = table.union(left, lines[step % 10])
      right = table.union(lines[step % 10], right)
    }
    #expect(table.count == 2_000_012)
    let numbered = (0..<10).map { "M/a.swift:\($0)" }
    #expect(table.lines(left) == ["first left"] + numbered)
    #expect(
      table.lines(right) == (0..<10).reversed().map { "M/a.swift:\($0)" } + ["last right"])
    #expect(table.primaryLine(left) == "first left")
    #expect(table.primaryLine(right) == "M/a.swift:9")
    #expect(table.lines(left) == ["first left"] + numbered)
  }
}
