import TenonGraph

/// Which steps of one block must run before which, by what they read and write.
struct Dependencies {
  /// By step, those that need it.
  private(set) var followers: [[Int]]
  /// By step, how many others it waits for.
  private(set) var waits: [Int]

  /// The order of `steps` is taken to be right for each buffer by itself.
  ///
  /// - Parameters:
  ///   - contents: the buffer whose contents a buffer's are, views seen through.
  ///   - sizes: who reads the sizes that a node uses.
  init(
    _ steps: [PlanDraft.Step], contents: (Int) -> Int, sizes: inout SizeReaders
  ) {
    followers = [[Int]](repeating: [], count: steps.count)
    waits = [Int](repeating: 0, count: steps.count)
    var writer: [Int: Int] = [:]
    var readers: [Int: [Int]] = [:]
    var sizeSteps: [NodeID: Int] = [:]
    for (place, step) in steps.enumerated() {
      for reader in step.node.map({ sizes.readers(before: $0) }) ?? [] {
        if let earlier = sizeSteps[reader] { add(earlier, before: place) }
      }
      if case .readSize = step.kind, let node = step.node { sizeSteps[node] = place }
      for buffer in step.reads.map(contents) {
        if let earlier = writer[buffer] { add(earlier, before: place) }
        if readers[buffer]?.last != place { readers[buffer, default: []].append(place) }
      }
      for buffer in step.writes.map(contents) {
        for reader in readers[buffer] ?? [] { add(reader, before: place) }
        if let earlier = writer[buffer] { add(earlier, before: place) }
        writer[buffer] = place
        readers[buffer] = []
      }
    }
  }

  mutating func add(_ first: Int, before second: Int) {
    guard first != second, followers[first].last != second else { return }
    followers[first].append(second)
    waits[second] += 1
  }

  /// The steps that run after `step` in every order.
  func reachable(from step: Int) -> Set<Int> {
    var seen: Set<Int> = []
    var pending = [step]
    while let next = pending.popLast() {
      for follower in followers[next] where seen.insert(follower).inserted {
        pending.append(follower)
      }
    }
    return seen
  }
}
