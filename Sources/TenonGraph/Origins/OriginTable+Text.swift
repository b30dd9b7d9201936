extension OriginTable {
  /// Every line of the set, each once, in the order of first occurrence, left before right.
  public func lines(_ id: OriginID) -> [String] {
    var lines: [String] = []
    var seen: Set<String> = []
    for leaf in leaves(id) {
      let line = text(ofLeaf: leaf)
      if seen.insert(line).inserted { lines.append(line) }
    }
    return lines
  }

  /// The first line of the set, without flattening it; nil for `none`.
  public func primaryLine(_ id: OriginID) -> String? {
    id == .none ? nil : text(ofLeaf: Int(entries[Int(id.rawValue)].primary))
  }

  /// What `id` stands for. `id` must not be `none`.
  public func entry(_ id: OriginID) -> OriginEntry {
    let entry = entries[Int(id.rawValue)]
    if entry.left < 0 { return .leaf(text(ofLeaf: Int(entry.right))) }
    return .union(OriginID(rawValue: entry.left), OriginID(rawValue: entry.right))
  }

  /// The indices of the leaves of a set, each once, left before right.
  private func leaves(_ id: OriginID) -> [Int] {
    guard id != .none else { return [] }
    if visits.count < entries.count {
      visits.append(contentsOf: repeatElement(0, count: entries.count - visits.count))
    }
    visit &+= 1
    if visit == 0 {
      visits = Array(repeating: 0, count: entries.count)
      visit = 1
    }
    var leaves: [Int] = []
    var stack = [id.rawValue]
    while let top = stack.popLast() {
      if visits[Int(top)] == visit { continue }
      visits[Int(top)] = visit
      let entry = entries[Int(top)]
      if entry.left < 0 {
        leaves.append(Int(entry.right))
      } else {
        stack.append(entry.right)
        stack.append(entry.left)
      }
    }
    return leaves
  }

  private func text(ofLeaf index: Int) -> String {
    if let text = resolved[index] { return text }
    let words = leafTable.keys[index].words
    let text =
      switch words.3 {
      case LeafKey.sourceMark: "\(files[Int(bitPattern: words.0)]):\(words.1)"
      case LeafKey.textMark: texts[Int(bitPattern: words.0)]
      default: CodeLocator.describe([words.0, words.1, words.2, words.3])
      }
    resolved[index] = text
    return text
  }
}
