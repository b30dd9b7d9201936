/// The set of source lines, or importer node names, that a value comes from.
///
/// Means something only together with the `OriginTable` that made it.
public struct OriginID: Hashable, Sendable {
  public let rawValue: Int32

  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// The empty set.
  public static let none = OriginID(rawValue: -1)
}

/// What an `OriginID` stands for: for saving a table as it is, without flattening every set.
public enum OriginEntry: Hashable, Sendable {
  /// One place: `Module/File.swift:12`, or the text given by an importer.
  case leaf(String)
  /// Two sets; both IDs are smaller than that of the union.
  case union(OriginID, OriginID)
}

/// The origins of a graph: a directed acyclic graph of leaves and unions of two, each stored once.
///
/// Sets are flattened only when they are printed. IDs count up in the order of recording, so equal
/// programs get equal IDs.
public final class OriginTable {
  struct Entry {
    /// The leaf that names the set in one line: that of the left side of a union.
    var primary: Int32
    /// Negative for a leaf.
    var left: Int32
    /// For a leaf, its index among the leaves.
    var right: Int32
  }

  /// A leaf in four words, so that interning compares no text.
  struct LeafKey: InternKey {
    var words: (UInt, UInt, UInt, UInt)

    static func source(file: Int, line: UInt) -> LeafKey {
      LeafKey(words: (UInt(bitPattern: file), line, 0, sourceMark))
    }
    static func text(_ index: Int) -> LeafKey {
      LeafKey(words: (UInt(bitPattern: index), 0, 0, textMark))
    }
    // No return address has these values.
    static let sourceMark = UInt.max
    static let textMark = UInt.max - 1

    @inline(__always)
    static func == (a: LeafKey, b: LeafKey) -> Bool {
      a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2
        && a.words.3 == b.words.3
    }

    @inline(__always)
    var hash: UInt {
      mixed(mixed(mixed(mixed(0, words.0), words.1), words.2), words.3)
    }
  }

  /// The two sides of a union.
  private struct UnionKey: InternKey {
    var left: Int32
    var right: Int32

    @inline(__always)
    var hash: UInt { mixed(mixed(0, UInt(bitPattern: Int(left))), UInt(bitPattern: Int(right))) }
  }

  private(set) var entries: [Entry] = []
  private(set) var leafTable = InternTable<LeafKey>()
  private var unionTable = InternTable<UnionKey>()

  // Files by the address of their literal, then by content: a file may have several literals.
  private(set) var files: [String] = []
  private var fileOfText: [String: Int] = [:]
  private var fileOfLiteral: [UInt: Int] = [:]
  private var lastLiteral: (address: UInt, file: Int) = (0, 0)

  private(set) var texts: [String] = []
  private var leafOfText: [String: OriginID] = [:]

  /// The printed form of leaves, filled on first use.
  var resolved: [String?] = []
  /// The last flattening that met an entry; saves a set per flattening.
  var visits: [UInt32] = []
  var visit: UInt32 = 0

  public init() {}

  /// The number of IDs given out: they are 0 up to `count - 1`.
  public var count: Int { entries.count }

  /// The origin at a place in the user's code; equal places give equal IDs.
  public func leaf(_ site: CallSite) -> OriginID {
    switch site.place {
    case .code(let addresses):
      let callers = addresses.callers
      return leaf(LeafKey(words: (addresses.primary, callers.0, callers.1, callers.2)))
    case .source(let fileID, let line):
      return leaf(.source(file: file(fileID), line: line))
    }
  }

  /// The origin named by a text: an importer's node, or a line of a saved graph.
  public func leaf(text: String) -> OriginID {
    if let known = leafOfText[text] { return known }
    texts.append(text)
    let id = leaf(.text(texts.count - 1))
    leafOfText[text] = id
    return id
  }

  /// The origins in `a` or `b`; those of `a` are printed first.
  public func union(_ a: OriginID, _ b: OriginID) -> OriginID {
    if b == .none || a == b { return a }
    if a == .none { return b }
    let entryA = entries[Int(a.rawValue)]
    if entryA.left >= 0, entryA.left == b.rawValue || entryA.right == b.rawValue { return a }
    if entries[Int(b.rawValue)].left == a.rawValue { return b }
    let next = Int32(entries.count)
    let key = UnionKey(left: a.rawValue, right: b.rawValue)
    let known = unionTable.find(key, orInsert: next)
    if let known { return OriginID(rawValue: known) }
    entries.append(Entry(primary: entryA.primary, left: a.rawValue, right: b.rawValue))
    return OriginID(rawValue: next)
  }

  private func leaf(_ key: LeafKey) -> OriginID {
    let next = Int32(entries.count)
    if let known = leafTable.find(key, orInsert: next) { return OriginID(rawValue: known) }
    let index = Int32(resolved.count)
    resolved.append(nil)
    entries.append(Entry(primary: index, left: -1, right: index))
    return OriginID(rawValue: next)
  }

  private func file(_ literal: StaticString) -> Int {
    guard literal.hasPointerRepresentation else { return file(literal.description) }
    let address = UInt(bitPattern: literal.utf8Start)
    if lastLiteral.address == address { return lastLiteral.file }
    let file: Int
    if let known = fileOfLiteral[address] {
      file = known
    } else {
      file = self.file(literal.description)
      fileOfLiteral[address] = file
    }
    lastLiteral = (address, file)
    return file
  }

  private func file(_ text: String) -> Int {
    if let known = fileOfText[text] { return known }
    files.append(text)
    fileOfText[text] = files.count - 1
    return files.count - 1
  }
}
