import TenonGraph
import TenonTensor

/// How many results a contraction keeps in registers: some rows of some vectors.
struct RegisterBlock: Hashable {
  /// The most rows.
  var rows: Int
  /// Vectors side by side.
  var vectors: Int
  var lanes: Int

  /// Columns of a block.
  var columns: Int { vectors * lanes }

  /// The block that takes the fewest cycles for so many rows and columns, as far as counts of
  /// multiply-adds, loads and their latency tell: two of each start in a cycle.
  ///
  /// - Parameter mostRows: a limit of the rows, where more would not stay in the first cache.
  init(
    rows: Int, columns: Int, mostRows: Int = 14, lanes: Int, target: Target,
    products: ProductCost = .multiplyAdd
  ) {
    self.lanes = lanes
    var best = (cost: Double.infinity, rows: 1, vectors: 1)
    // Many vectors serve few rows alone: their loads would take the most time.
    let needed = max(1, (columns + lanes - 1) / lanes)
    for vectors in rows < 4 ? [2, 3, 4, 6, 8, 1] : [2, 3, 4, 1] where vectors <= needed {
      let most = min(RegisterBlock.mostRows(vectors: vectors, target, products), mostRows)
      guard most >= 1 else { continue }
      let pieces = Pieces(count: rows, most: most)
      let whole = columns / (vectors * lanes)
      let rest = (columns - whole * vectors * lanes + lanes - 1) / lanes
      func panel(_ vectors: Int) -> Double {
        Double(pieces.long) * products.cycles(pieces.most, vectors)
          + Double(pieces.short) * products.cycles(pieces.most - 1, vectors)
      }
      let cost = Double(whole) * panel(vectors) + (rest > 0 ? panel(rest) : 0)
      if cost < best.cost * 0.999 { best = (cost, most, vectors) }
    }
    self.rows = best.rows
    vectors = best.vectors
  }

  init(rows: Int, vectors: Int, lanes: Int) {
    (self.rows, self.vectors, self.lanes) = (rows, vectors, lanes)
  }

  /// The most rows for which registers suffice beside those that hold the factors.
  static func mostRows(vectors: Int, _ target: Target, _ products: ProductCost) -> Int {
    (target.vectorRegisters - products.rowRegisters - products.columnRegisters * vectors) / vectors
  }
}

/// What a step along the depth takes: a product for each row and each vector of columns, and what
/// comes before them for each of the rows and of the vectors.
struct ProductCost: Hashable {
  /// Registers of a row's number.
  var rowRegisters: Int
  /// Registers of one vector of columns.
  var columnRegisters: Int
  var cyclesPerProduct: Double
  var cyclesPerRow: Double
  var cyclesPerColumn: Double

  /// One instruction.
  static let multiplyAdd = ProductCost(
    rowRegisters: 1, columnRegisters: 1, cyclesPerProduct: 0.5, cyclesPerRow: 0, cyclesPerColumn: 0)

  /// Tuples of bytes without an instruction for them: halves of both factors in 16 bits.
  static let halves = ProductCost(
    rowRegisters: 3, columnRegisters: 2, cyclesPerProduct: 1, cyclesPerRow: 0.5,
    cyclesPerColumn: 0.75)

  /// Cycles of one step.
  fileprivate func cycles(_ rows: Int, _ vectors: Int) -> Double {
    guard rows > 0 else { return 0 }
    let arithmetic =
      Double(rows * vectors) * cyclesPerProduct + Double(rows) * cyclesPerRow
      + Double(vectors) * cyclesPerColumn
    return max(arithmetic, Double(rows + vectors) / 2, 4)
  }
}

extension ContractionShape {
  func productCost(_ target: Target) -> ProductCost {
    tuple?.width == 4 && !target.hasByteDotProduct ? .halves : .multiplyAdd
  }
}

/// A count cut into pieces of two neighbouring lengths: first `long` pieces of `most`, then `short`
/// pieces of one less.
struct Pieces: Hashable {
  var most: Int
  var long: Int
  var short: Int

  init(count: Int, most limit: Int) {
    let pieces = max(1, (count + limit - 1) / limit)
    let less = count / pieces
    let extra = count - less * pieces
    if extra == 0 {
      (most, long, short) = (less, pieces, 0)
    } else {
      (most, long, short) = (less + 1, extra, pieces - extra)
    }
  }

  var count: Int { long + short }
}
