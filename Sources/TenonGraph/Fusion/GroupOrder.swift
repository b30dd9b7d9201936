/// An order in which groups of nodes can run, kept while groups grow from the last node to the
/// first.
///
/// A group's key is first the position of its root. A group that hands out a node which others read
/// as well must run before them; where a reader has a smaller key, what follows the readers and
/// what the group waits for trade keys, if neither leads to the other (Pearce and Kelly, "A dynamic
/// topological sort algorithm for directed acyclic graphs", JEA 2006). The search is bounded, so
/// that all of it is linear in the region: a group does not wait for one that is far off.
struct GroupOrder {
  /// Groups that one search looks at, at most, in each direction.
  static let searchLimit = 96
  /// Reads that one search follows, at most, in each direction.
  static let readLimit = 2048

  /// By group, ascending in an order of running.
  private var keys: [Int] = []
  private var positions: [[Int]] = []
  /// By position, the group that hands its results out; -1 where readers have copies of their own.
  private var owners: [Int]
  /// By position, groups that compute it without handing it out.
  private var copies: [[Int]]
  private var marks: [Int] = []
  private var mark = 0

  init(positions: Int) {
    owners = [Int](repeating: -1, count: positions)
    copies = [[Int]](repeating: [], count: positions)
  }

  /// A group of its own for a node before all placed so far.
  mutating func addGroup(_ position: Int) {
    owners[position] = keys.count
    keys.append(position)
    positions.append([position])
    marks.append(0)
  }

  /// Takes a node into a group, after `mayHandOut` where it is handed out.
  mutating func add(_ position: Int, to group: Int, isHandedOut: Bool) {
    positions[group].append(position)
    if isHandedOut { owners[position] = group } else { copies[position].append(group) }
  }

  /// Whether the group may compute the node for others too: whether no other reader of it leads to
  /// the group, as far as a bounded search shows. The order is then such that the group runs before
  /// all of them.
  mutating func mayHandOut(_ position: Int, from group: Int, _ flow: RegionFlow) -> Bool {
    var earlier: [Int] = []
    mark += 1
    for reader in flow.readers(position) {
      for other in instances(of: reader.position)
      where other != group && keys[other] < keys[group] && marks[other] != mark {
        marks[other] = mark
        earlier.append(other)
      }
    }
    guard let first = earlier.min(by: { keys[$0] < keys[$1] }) else { return true }
    let (low, high) = (keys[first], keys[group])
    guard let after = followers(of: earlier, upTo: high, without: group, flow) else { return false }
    guard let before = producers(of: group, downTo: low, flow) else { return false }
    let moved = before.sorted { keys[$0] < keys[$1] } + after.sorted { keys[$0] < keys[$1] }
    for (group, key) in zip(moved, moved.map { keys[$0] }.sorted()) { keys[group] = key }
    return true
  }

  /// What groups, marked already, lead to up to a key; nil where that is `target`, or more than a
  /// search may look at.
  private mutating func followers(
    of groups: [Int], upTo high: Int, without target: Int, _ flow: RegionFlow
  ) -> [Int]? {
    var found = groups
    var (next, reads) = (0, 0)
    while next < found.count {
      let group = found[next]
      for position in positions[group] where owners[position] == group {
        let readers = flow.readers(position)
        reads += readers.count
        guard reads <= GroupOrder.readLimit else { return nil }
        for reader in readers {
          for other in instances(of: reader.position)
          where keys[other] > keys[group] && keys[other] <= high && marks[other] != mark
            && !hasCopy(position, other)
          {
            if other == target { return nil }
            marks[other] = mark
            found.append(other)
          }
        }
      }
      guard found.count <= GroupOrder.searchLimit else { return nil }
      next += 1
    }
    return found
  }

  /// A group and what it waits for down to a key; nil where that is more than a search may look at.
  private mutating func producers(of group: Int, downTo low: Int, _ flow: RegionFlow) -> [Int]? {
    mark += 1
    marks[group] = mark
    var found = [group]
    var (next, reads) = (0, 0)
    while next < found.count {
      let group = found[next]
      for position in positions[group] {
        let producers = flow.producers(position)
        reads += producers.count
        for producer in producers {
          let owner = owners[producer]
          guard owner >= 0, keys[owner] > low, keys[owner] < keys[group], marks[owner] != mark,
            !hasCopy(producer, group)
          else { continue }
          marks[owner] = mark
          found.append(owner)
        }
      }
      guard found.count <= GroupOrder.searchLimit, reads <= GroupOrder.readLimit else {
        return nil
      }
      next += 1
    }
    return found
  }

  /// The groups that compute a node.
  private func instances(of position: Int) -> [Int] {
    owners[position] >= 0 ? [owners[position]] + copies[position] : copies[position]
  }

  /// Whether the group reads a copy of its own; where there are many copies, no is an answer that
  /// only makes a search go further.
  private func hasCopy(_ position: Int, _ group: Int) -> Bool {
    copies[position].count <= 32 && copies[position].contains(group)
  }
}
