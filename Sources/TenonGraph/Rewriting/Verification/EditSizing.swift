import TenonTensor

/// Numbers for the sizes of an edit's context: for its symbols and, where it is large, smaller ones
/// in the place of constants.
struct EditSizing {
  let symbols: [(symbol: Symbol, size: Int)]
  /// Constants that are replaced, ascending, and by what.
  var shrunk: [(from: Int, to: Int)] = []

  /// The number that a size is; nil where a symbol has none.
  func size(_ dimension: Dimension) -> Int? {
    let value = dimension.evaluated { symbol in
      symbols.first { $0.symbol == symbol }?.size
    }
    guard let value else { return nil }
    return shrunk.first { $0.from == value }?.to ?? value
  }

  func shape(_ shape: Shape) -> [Int]? {
    var sizes: [Int] = []
    for dimension in shape {
      guard let size = size(dimension) else { return nil }
      sizes.append(size)
    }
    return sizes
  }

  /// What to try: small distinct numbers for symbols, then ones and zeros, as far as what recording
  /// assumed allows.
  static func candidates(_ context: EditContext, _ graph: Graph) -> [EditSizing] {
    var shapes = (context.boundary + context.before + context.after).map { graph.type($0) }
      .compactMap { $0.tensor?.shape }
    for node in context.nodes {
      for result in graph.results(node) {
        if let type = graph.type(result).tensor { shapes.append(type.shape) }
      }
    }
    return candidates(shapes, graph)
  }

  /// As for a context, for the symbols of shapes.
  static func candidates(_ shapes: [Shape], _ graph: Graph) -> [EditSizing] {
    var symbols: [Symbol] = []
    for shape in shapes {
      for symbol in shape.symbols where !symbols.contains(symbol) { symbols.append(symbol) }
    }
    var found: [EditSizing] = []
    for sizes in assignments(symbols) {
      let holds = graph.constraints.allSatisfy { constraint in
        constraint.holds { symbol in sizes.first { $0.symbol == symbol }?.size } != false
      }
      if holds { found.append(EditSizing(symbols: sizes)) }
    }
    return found
  }

  private static func assignments(_ symbols: [Symbol]) -> [[(symbol: Symbol, size: Int)]] {
    if symbols.isEmpty { return [[]] }
    func each(_ size: (Int) -> Int) -> [(symbol: Symbol, size: Int)] {
      symbols.enumerated().map { place, symbol in
        (symbol, min(size(place), symbol.maximum ?? .max))
      }
    }
    let primes = [3, 2, 5, 7, 4, 6, 11, 13]
    return [
      each { primes[$0 % primes.count] }, each { _ in 4 }, each { _ in 1 }, each { _ in 0 },
    ]
  }

  /// With each large size of `shapes` replaced by a small one of its own, and a product of two sizes
  /// by their product.
  func shrunk(to shapes: [[Int]]) -> EditSizing {
    var result = self
    let sizes = Set(shapes.joined()).filter { $0 > 4 }.sorted()
    let fresh = [3, 2, 4, 5, 6, 7, 8, 9]
    var used = 0
    for size in sizes {
      let factor = result.shrunk.last { known in
        let rest = size / known.from
        return size % known.from == 0
          && (rest <= 4 || result.shrunk.contains { $0.from == rest })
      }
      if let factor {
        let rest = size / factor.from
        let other = result.shrunk.first { $0.from == rest }?.to ?? rest
        result.shrunk.append((size, factor.to * other))
      } else {
        result.shrunk.append((size, fresh[used % fresh.count]))
        used += 1
      }
    }
    return result
  }
}
