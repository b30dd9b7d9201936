import TenonGraph

/// What buffers hold, as numbers: equal numbers are equal contents. A kernel's result is numbered by
/// the kernel and by what it reads, so that two drafts of an entry can be compared.
final class ContentTable {
  /// What contents are made of; the first word of a key.
  enum Kind: Int {
    /// A buffer as it was before the first step.
    case initial
    /// Bytes that nothing wrote.
    case undefined
    /// One result of a kernel or host function.
    case result
    /// Bytes from the middle of other contents.
    case part
    /// Several parts one after the other.
    case mixed
    /// One of several, by a predicate.
    case choice
    /// Contents taken for another's packing that are not.
    case unpacked
  }

  private var numbers: [[Int]: Int] = [:]
  private var keys: [[Int]] = []
  private var byteCounts: [Int] = []
  private var groups: [KernelGroup: Int] = [:]

  func number(_ kind: Kind, _ words: [Int], bytes: Int) -> Int {
    let key = [kind.rawValue] + words
    if let known = numbers[key] { return known }
    let number = byteCounts.count
    numbers[key] = number
    keys.append(key)
    byteCounts.append(bytes)
    return number
  }

  /// The words of a kernel's results: equal for groups that differ in nothing but the layouts of
  /// what they read.
  func kernel(_ group: KernelGroup) -> [Int] {
    var plain = group
    for place in plain.inputs.indices { plain.inputs[place].layout = nil }
    let number = groups[plain] ?? groups.count
    groups[plain] = number
    return [0, number]
  }

  /// What a kernel reads that takes its input in the layout of `type`: what was packed so.
  func unpacked(_ contents: Int, _ type: TensorType) -> Int {
    guard let layout = type.layout else { return contents }
    var plain = type
    plain.layout = nil
    let packing = kernel(KernelGroup.packing(plain, as: layout))
    let key = keys[contents]
    if key.dropLast() == [Kind.result.rawValue] + packing + [0] { return key.last! }
    return number(.unpacked, packing + [contents], bytes: byteCounts[contents])
  }

  func byteCount(_ number: Int) -> Int { byteCounts[number] }

  func part(of contents: Int, _ bytes: Range<Int>) -> Int {
    bytes.lowerBound == 0 && bytes.count == byteCounts[contents]
      ? contents
      : number(.part, [contents, bytes.lowerBound, bytes.count], bytes: bytes.count)
  }
}

/// What memory holds while a draft's steps are followed.
struct DraftMemory {
  /// Bytes that one step wrote.
  struct Piece {
    var bytes: Range<Int>
    var contents: Int
    /// Where `bytes` begins in the contents.
    var start: Int
    /// The buffer written.
    var buffer: Int
    /// Its number among the steps followed.
    var step: Int
  }

  private var pieces: [MemoryRange.Space: [Piece]] = [:]

  mutating func write(_ range: MemoryRange, _ contents: Int, buffer: Int, step: Int) {
    var kept: [Piece] = []
    for piece in pieces[range.space] ?? [] {
      guard piece.bytes.overlaps(range.bytes) else {
        kept.append(piece)
        continue
      }
      if piece.bytes.lowerBound < range.bytes.lowerBound {
        var left = piece
        left.bytes = piece.bytes.lowerBound..<range.bytes.lowerBound
        kept.append(left)
      }
      if piece.bytes.upperBound > range.bytes.upperBound {
        var right = piece
        right.bytes = range.bytes.upperBound..<piece.bytes.upperBound
        right.start += range.bytes.upperBound - piece.bytes.lowerBound
        kept.append(right)
      }
    }
    kept.append(Piece(bytes: range.bytes, contents: contents, start: 0, buffer: buffer, step: step))
    pieces[range.space] = kept.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
  }

  /// What was written within a range, first byte first.
  func pieces(in range: MemoryRange) -> [Piece] {
    (pieces[range.space] ?? []).filter { $0.bytes.overlaps(range.bytes) }
  }

  /// What a range holds; `initial` numbers bytes that nothing wrote.
  func read(_ range: MemoryRange, _ table: ContentTable, initial: (Range<Int>) -> Int) -> Int {
    var found: [Int] = []
    var at = range.bytes.lowerBound
    for piece in pieces(in: range) {
      let bytes = piece.bytes.clamped(to: range.bytes)
      if at < bytes.lowerBound { found.append(initial(at..<bytes.lowerBound)) }
      let start = piece.start + bytes.lowerBound - piece.bytes.lowerBound
      found.append(table.part(of: piece.contents, start..<start + bytes.count))
      at = bytes.upperBound
    }
    if at < range.bytes.upperBound { found.append(initial(at..<range.bytes.upperBound)) }
    return found.count == 1
      ? found[0] : table.number(.mixed, found, bytes: range.bytes.count)
  }
}
