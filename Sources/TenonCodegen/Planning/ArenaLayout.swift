/// Offsets in one arena for buffers that are needed at different times.
///
/// Tries a few orders in which buffers take the lowest place that is free while they live, and
/// keeps the one that ends with the smallest arena.
package struct ArenaLayout {
  package struct Request: Hashable, Sendable {
    package var buffer: Int
    /// A multiple of the alignment.
    package var bytes: Int
    package var lifetime: ClosedRange<Int>

    package init(buffer: Int, bytes: Int, lifetime: ClosedRange<Int>) {
      self.buffer = buffer
      self.bytes = bytes
      self.lifetime = lifetime
    }
  }

  /// By request.
  package private(set) var offsets: [Int] = []
  package private(set) var bytes = 0
  /// The largest sum of bytes live at one step: no arena can be smaller.
  package let liveBytes: Int

  package init(_ requests: [Request], stepCount: Int) {
    liveBytes = ArenaLayout.liveBytes(requests, stepCount: stepCount)
    bytes = Int.max
    let orders: [(Request, Request) -> Bool] = [
      { a, b in (b.bytes, a.lifetime.lowerBound) < (a.bytes, b.lifetime.lowerBound) },
      { a, b in (a.lifetime.lowerBound, b.bytes) < (b.lifetime.lowerBound, a.bytes) },
      { a, b in (b.lifetime.count, b.bytes) < (a.lifetime.count, a.bytes) },
      { a, b in
        let x = Double(a.bytes) * Double(a.lifetime.count)
        let y = Double(b.bytes) * Double(b.lifetime.count)
        return (y, a.lifetime.lowerBound) < (x, b.lifetime.lowerBound)
      },
    ]
    for isBefore in orders {
      let order = requests.indices.sorted { a, b in
        if isBefore(requests[a], requests[b]) { return true }
        return !isBefore(requests[b], requests[a]) && a < b
      }
      let (found, end) = ArenaLayout.place(requests, order, stepCount: stepCount)
      if end < bytes { (offsets, bytes) = (found, end) }
      if bytes == liveBytes { break }
    }
  }

  private static func liveBytes(_ requests: [Request], stepCount: Int) -> Int {
    var change = [Int](repeating: 0, count: stepCount + 2)
    for request in requests {
      change[request.lifetime.lowerBound] += request.bytes
      change[request.lifetime.upperBound + 1] -= request.bytes
    }
    var (live, most) = (0, 0)
    for step in change {
      live += step
      most = max(most, live)
    }
    return most
  }

  /// Places requests in the order given, each in the tightest gap among those it lives with.
  private static func place(_ requests: [Request], _ order: [Int], stepCount: Int) -> (
    [Int], end: Int
  ) {
    var offsets = [Int](repeating: 0, count: requests.count)
    var end = 0
    var placed = IntervalTable(stepCount: stepCount)
    for request in order {
      let size = requests[request].bytes
      var neighbours = placed.overlapping(requests[request].lifetime).map {
        (offsets[$0], offsets[$0] + requests[$0].bytes)
      }
      neighbours.sort { $0 < $1 }
      var (at, best) = (0, (offset: -1, slack: Int.max))
      for (first, next) in neighbours {
        if first > at, first - at >= size, first - at - size < best.slack {
          best = (at, first - at - size)
        }
        at = max(at, next)
      }
      offsets[request] = best.offset >= 0 ? best.offset : at
      end = max(end, offsets[request] + size)
      if size > 0 { placed.insert(request, requests[request].lifetime) }
    }
    return (offsets, end)
  }
}

/// Which of some intervals overlap another: a segment tree over steps.
private struct IntervalTable {
  private let size: Int
  /// Intervals that cover a node's whole range.
  private var covering: [[Int]]
  /// Intervals that end up in the node's subtree.
  private var within: [[Int]]

  init(stepCount: Int) {
    var size = 1
    while size < stepCount + 1 { size *= 2 }
    self.size = size
    covering = [[Int]](repeating: [], count: 2 * size)
    within = [[Int]](repeating: [], count: 2 * size)
  }

  mutating func insert(_ item: Int, _ range: ClosedRange<Int>) {
    var (low, high) = (range.lowerBound + size, range.upperBound + size + 1)
    var nodes: [Int] = []
    while low < high {
      if low & 1 == 1 {
        nodes.append(low)
        low += 1
      }
      if high & 1 == 1 {
        high -= 1
        nodes.append(high)
      }
      low /= 2
      high /= 2
    }
    for node in nodes {
      covering[node].append(item)
      var above = node / 2
      while above >= 1 {
        if within[above].last == item { break }
        within[above].append(item)
        above /= 2
      }
    }
  }

  /// The items whose intervals overlap `range`, each once.
  func overlapping(_ range: ClosedRange<Int>) -> [Int] {
    var found: [Int] = []
    var seen: Set<Int> = []
    func take(_ items: [Int]) {
      for item in items where seen.insert(item).inserted { found.append(item) }
    }
    var (low, high) = (range.lowerBound + size, range.upperBound + size + 1)
    func visit(_ node: Int) {
      take(covering[node])
      take(within[node])
      var above = node / 2
      while above >= 1 {
        take(covering[above])
        above /= 2
      }
    }
    while low < high {
      if low & 1 == 1 {
        visit(low)
        low += 1
      }
      if high & 1 == 1 {
        high -= 1
        visit(high)
      }
      low /= 2
      high /= 2
    }
    return found
  }
}
