extension Dimension {
  /// The size with each symbol's number from `sizes`; nil where a symbol has none, or a divisor
  /// is not positive.
  public func evaluated(_ sizes: (Symbol) -> Int?) -> Int? {
    if let constant { return constant }
    var total = constantPart
    for term in terms {
      var product = term.coefficient
      for factor in term.factors {
        guard let value = factor.evaluated(sizes) else { return nil }
        product = Dimension.saturatingProduct(product, value)
      }
      total = Dimension.clamp(total + product)
    }
    return total
  }

  /// The expression with symbols replaced; symbols for which `replacement` is nil stay.
  public func substituting(_ replacement: (Symbol) -> Dimension?) -> Dimension {
    if isConstant { return self }
    var total = Dimension(constantPart)
    for term in terms {
      var product = Dimension(term.coefficient)
      for factor in term.factors { product = product * factor.substituting(replacement) }
      total = total + product
    }
    return total
  }

  /// The largest value, taking running symbols between 0 and their maxima; nil where a bound
  /// symbol is left.
  public var upperBound: Int? { range?.upperBound }

  /// The values the expression can take with running symbols between 0 and their maxima (interval
  /// arithmetic, so it may be wider than the truth); nil where a bound symbol is left.
  public var range: ClosedRange<Int>? { interval(ofBound: nil) }

  /// As `range`, with bound symbols in `bound`; nil where one is left and that is nil.
  func interval(ofBound bound: ClosedRange<Int>?) -> ClosedRange<Int>? {
    var low = constantPart
    var high = constantPart
    for term in terms {
      var product = term.coefficient...term.coefficient
      for factor in term.factors {
        guard let next = factor.interval(ofBound: bound) else { return nil }
        let corners = [
          Dimension.saturatingProduct(product.lowerBound, next.lowerBound),
          Dimension.saturatingProduct(product.lowerBound, next.upperBound),
          Dimension.saturatingProduct(product.upperBound, next.lowerBound),
          Dimension.saturatingProduct(product.upperBound, next.upperBound),
        ]
        product = corners.min()!...corners.max()!
      }
      low = Dimension.clamp(low + product.lowerBound)
      high = Dimension.clamp(high + product.upperBound)
    }
    return low...high
  }

  /// The symbols in the expression, each once, in the order of the text.
  public var symbols: [Symbol] {
    var found: [Symbol] = []
    for term in terms {
      for factor in term.factors {
        for symbol in factor.symbols where !found.contains(symbol) { found.append(symbol) }
      }
    }
    return found
  }
}

extension Dimension.Atom {
  func evaluated(_ sizes: (Symbol) -> Int?) -> Int? {
    switch self {
    case .symbol(let symbol): return sizes(symbol)
    case .floorDivide(let a, let b):
      guard let x = a.evaluated(sizes), let y = b.evaluated(sizes), y > 0 else { return nil }
      return Dimension(x).floorDivided(by: Dimension(y)).constant
    case .remainder(let a, let b):
      guard let x = a.evaluated(sizes), let y = b.evaluated(sizes), y > 0 else { return nil }
      return Dimension(x).remainder(dividingBy: Dimension(y)).constant
    case .minimum(let a, let b):
      guard let x = a.evaluated(sizes), let y = b.evaluated(sizes) else { return nil }
      return min(x, y)
    case .maximum(let a, let b):
      guard let x = a.evaluated(sizes), let y = b.evaluated(sizes) else { return nil }
      return max(x, y)
    }
  }

  func substituting(_ replacement: (Symbol) -> Dimension?) -> Dimension {
    switch self {
    case .symbol(let symbol): replacement(symbol) ?? Dimension(symbol)
    case .floorDivide(let a, let b):
      a.substituting(replacement).floorDivided(by: b.substituting(replacement))
    case .remainder(let a, let b):
      a.substituting(replacement).remainder(dividingBy: b.substituting(replacement))
    case .minimum(let a, let b):
      .minimum(a.substituting(replacement), b.substituting(replacement))
    case .maximum(let a, let b):
      .maximum(a.substituting(replacement), b.substituting(replacement))
    }
  }

  func interval(ofBound bound: ClosedRange<Int>?) -> ClosedRange<Int>? {
    switch self {
    case .symbol(let symbol):
      return symbol.maximum.map { 0...$0 } ?? bound
    case .floorDivide(let a, let b):
      guard let x = a.interval(ofBound: bound), let y = b.interval(ofBound: bound) else {
        return nil
      }
      let least = max(1, y.lowerBound)
      let most = max(least, y.upperBound)
      let corners = [x.lowerBound, x.upperBound].flatMap { value in
        [least, most].map { Dimension(value).floorDivided(by: Dimension($0)).constant! }
      }
      return corners.min()!...corners.max()!
    case .remainder(_, let b):
      guard let y = b.interval(ofBound: bound) else { return nil }
      return 0...max(0, y.upperBound - 1)
    case .minimum(let a, let b):
      guard let x = a.interval(ofBound: bound), let y = b.interval(ofBound: bound) else {
        return nil
      }
      return min(x.lowerBound, y.lowerBound)...min(x.upperBound, y.upperBound)
    case .maximum(let a, let b):
      guard let x = a.interval(ofBound: bound), let y = b.interval(ofBound: bound) else {
        return nil
      }
      return max(x.lowerBound, y.lowerBound)...max(x.upperBound, y.upperBound)
    }
  }

  var symbols: [Symbol] {
    switch self {
    case .symbol(let symbol): [symbol]
    case .floorDivide(let a, let b), .remainder(let a, let b), .minimum(let a, let b),
      .maximum(let a, let b):
      a.symbols + b.symbols
    }
  }
}
