import TenonGraph
import TenonTensor

/// How a contraction is cut: what a schedule is free to decide once sizes and layouts are given.
/// The cost model makes one, and measured ones can take its place.
package struct ContractionChoice: Hashable, Sendable {
  /// The most rows of results that registers hold at once.
  package var rows: Int
  /// Vectors of each of these rows.
  package var vectors: Int
  /// Pieces of so many rows that one tile has.
  package var pieces: Int
  /// Indices of the outermost depth loop that are summed in registers at once; nil for all.
  package var depth: Int?
  /// Panels that a tile goes over with one copy of its rows; nil where rows are read in place.
  package var panels: Int?

  package init(rows: Int, vectors: Int, pieces: Int, depth: Int? = nil, panels: Int? = nil) {
    self.rows = rows
    self.vectors = vectors
    self.pieces = pieces
    self.depth = depth
    self.panels = panels
  }
}

// As text, for people to read and to edit.
extension ContractionChoice: LosslessStringConvertible {
  /// `14 rows x 2 vectors, tiles of 4 pieces, depth in blocks of 256, rows copied for 8 panels`;
  /// the last two only where they are so.
  package var description: String {
    "\(rows) rows x \(vectors) vectors, tiles of \(pieces) pieces"
      + (depth.map { ", depth in blocks of \($0)" } ?? "")
      + (panels.map { ", rows copied for \($0) panels" } ?? "")
  }

  /// Nil for text that no choice has as its description.
  package init?(_ text: String) {
    // Each number is checked by writing the choice again.
    let numbers = text.split(whereSeparator: { !$0.isASCII || !$0.isNumber }).map { Int($0) }
    guard (3...5).contains(numbers.count), let rows = numbers[0], let vectors = numbers[1],
      let pieces = numbers[2], rows > 0, vectors > 0, pieces > 0
    else { return nil }
    let others = numbers.dropFirst(3).compactMap { $0 }.filter { $0 > 0 }
    guard others.count == numbers.count - 3 else { return nil }
    let hasDepth = text.contains("depth")
    self.init(
      rows: rows, vectors: vectors, pieces: pieces, depth: hasDepth ? others.first : nil,
      panels: hasDepth ? others.dropFirst().first : others.first)
    guard description == text else { return nil }
  }
}

/// A choice asked for in the cost model's place.
package struct ScheduleRequest: Hashable, Sendable {
  package var choice: ContractionChoice
  /// Where it is from, for people to read: `measured: 1.00 of 1.12 ms`.
  package var origin: String

  package init(_ choice: ContractionChoice, origin: String) {
    self.choice = choice
    self.origin = origin
  }
}

extension ContractionChoice {
  /// Whether a contraction can be cut so: the block fits the registers, and what a tile keeps in
  /// scratch memory does not grow past the caches.
  ///
  /// - Parameter mostRows: a limit of the rows in the place of what registers hold.
  func fits(
    _ shape: ContractionShape, lanes: Int, _ target: Target, mostRows: Int? = nil
  ) -> Bool {
    let needed = max(1, (shape.columns.bound + lanes - 1) / lanes)
    guard (1...8).contains(vectors), vectors <= needed, rows >= 1,
      rows <= mostRows
        ?? RegisterBlock.mostRows(vectors: vectors, target, shape.productCost(target)),
      (1...ContractionChoice.pieces(shape, rows)).contains(pieces)
    else { return false }
    let tileRows = Dimension.saturatingProduct(pieces, rows)
    let room = 4 * target.level2Bytes
    if let depth {
      guard !shape.isOneRow, let first = shape.depth.first, depth >= 1, depth < first.bound,
        shape.tuple != nil || panels == nil,
        Dimension.saturatingProduct(
          tileRows, vectors * lanes * shape.element.byteWidth) <= room
      else { return false }
    }
    if let panels {
      guard (1...8).contains(panels), !shape.isOneRow,
        Dimension.saturatingProduct(
          tileRows, Dimension.saturatingProduct(shape.depthBound, shape.rowElement.byteWidth))
          <= room
      else { return false }
    }
    return true
  }

  /// Whether the blocks are those that tiles make.
  func isMade(in tiles: TileBlock) -> Bool {
    (rows, vectors) == (tiles.rows, tiles.vectors) && (depth ?? 0) % tiles.tuples == 0
  }

  /// Into how many pieces all rows are cut.
  static func pieces(_ shape: ContractionShape, _ rows: Int) -> Int {
    guard let count = shape.rows.extent.constant else {
      return max(1, (shape.rows.bound + rows - 1) / rows)
    }
    return Pieces(count: count, most: rows).count
  }

  /// Other blocks of registers for the same tiles, the fullest for each number of vectors and the
  /// next smaller one that cuts the rows into pieces more.
  func otherBlocks(_ shape: ContractionShape, lanes: Int, _ target: Target) -> [ContractionChoice] {
    var found: [ContractionChoice] = []
    for vectors in [1, 2, 3, 4, 6, 8] {
      let most = RegisterBlock.mostRows(vectors: vectors, target, shape.productCost(target))
      guard most >= 1 else { continue }
      let full = Pieces(count: max(1, shape.rows.bound), most: most)
      for pieces in full.count..<full.count + 2 {
        let length = (max(1, shape.rows.bound) + pieces - 1) / pieces
        // Few results in registers wait for their sums.
        guard length * vectors >= min(8, shape.rows.bound * vectors) else { continue }
        var choice = self
        (choice.rows, choice.vectors) = (length, vectors)
        let all = ContractionChoice.pieces(shape, length)
        choice.pieces = min(all, max(1, (self.pieces * rows + length - 1) / length))
        if self.pieces >= ContractionChoice.pieces(shape, rows) { choice.pieces = all }
        if choice.fits(shape, lanes: lanes, target), choice != self, !found.contains(choice) {
          found.append(choice)
        }
      }
    }
    return found
  }

  /// Other tiles, depths and ways to read rows for the same block.
  func otherCuts(_ shape: ContractionShape, lanes: Int, _ target: Target) -> [ContractionChoice] {
    var found: [ContractionChoice] = []
    func add(_ change: (inout ContractionChoice) -> Void) {
      var choice = self
      change(&choice)
      if choice.fits(shape, lanes: lanes, target), choice != self, !found.contains(choice) {
        found.append(choice)
      }
    }
    let all = ContractionChoice.pieces(shape, rows)
    for pieces in [pieces / 4, pieces / 2, pieces * 2, all] {
      add { $0.pieces = min(all, max(1, pieces)) }
    }
    let first = shape.depth.first?.bound ?? 1
    if let depth {
      add { $0.depth = nil }
      add { $0.depth = depth * 2 }
    }
    if shape.depthBound >= 512 { add { $0.depth = ((depth ?? first) + 1) / 2 } }
    if shape.tuple == nil {
      if panels != nil { add { $0.panels = nil } }
      for count in [1, 2, 4, 8] { add { $0.panels = count } }
    }
    return found
  }
}
