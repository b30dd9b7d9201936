import TenonTensor

extension IndexExpression {
  /// The same number with quotients and remainders of one expression put together again:
  /// `(x / n) * n * c + (x % n) * c` is `x * c`.
  ///
  /// A reshape's index taken apart by sizes becomes one linear offset here.
  package var recombined: IndexExpression {
    var result = self
    while let (quotient, remainder, whole) = result.recombinablePair {
      var next = IndexExpression(result.constant)
      for (place, term) in result.terms.enumerated() where place != quotient && place != remainder {
        next = next + IndexExpression(term.atom, times: term.coefficient)
      }
      result = next + whole
    }
    return result
  }

  /// Two terms that are one, and what they are together.
  private var recombinablePair: (Int, Int, IndexExpression)? {
    guard !isAffine else { return nil }
    for (low, term) in terms.enumerated() {
      guard case .remainder(let inner, let divisor) = term.atom else { continue }
      for (high, other) in terms.enumerated() where high != low {
        guard other.coefficient == term.coefficient * divisor else { continue }
        guard let quotient = other.atom.asQuotient else { continue }
        // inner / divisor
        if quotient.of == inner, quotient.by == divisor {
          return (high, low, inner * term.coefficient)
        }
        // inner is x / a; the other is x / (a * divisor).
        if inner.constant == 0, inner.terms.count == 1, inner.terms[0].coefficient == 1,
          case .floorDivide(let x, let first) = inner.terms[0].atom,
          quotient.of == x, quotient.by == first * divisor
        {
          return (high, low, inner * term.coefficient)
        }
      }
    }
    return nil
  }

  /// The offset of an element of a dense row-major tensor.
  package static func offset(_ index: [IndexExpression], in shape: [Dimension]) -> IndexExpression {
    var offset = IndexExpression(0)
    var stride: Dimension = 1
    for axis in index.indices.reversed() {
      offset = offset + index[axis] * stride
      stride = stride * shape[axis]
    }
    return offset.recombined
  }

  /// Whether different indices of the axes give different numbers: each term is larger than all
  /// smaller ones together, and every axis with more than one index takes part.
  package func isInjective(overAxes sizes: [Dimension]) -> Bool {
    guard isAffine else { return false }
    var used = [Bool](repeating: false, count: sizes.count)
    var reach: Dimension = 0
    let ascending = terms.enumerated().sorted { a, b in
      let (x, y) = (a.element.coefficient, b.element.coefficient)
      if let order = (x - y).constant { return order == 0 ? a.offset > b.offset : order < 0 }
      return (x.constant != nil && y.constant == nil)
        || (x.constant == nil) == (y.constant == nil) && a.offset > b.offset
    }
    for (_, term) in ascending {
      guard case .axis(let axis) = term.atom else { return false }
      if let slack = (term.coefficient - reach).constant {
        guard slack > 0 else { return false }
      } else if let least = term.coefficient.range?.lowerBound, let most = reach.upperBound {
        guard least > most else { return false }
      } else {
        return false
      }
      used[axis] = true
      reach = reach + (sizes[axis] - 1) * term.coefficient
    }
    return sizes.indices.allSatisfy { used[$0] || sizes[$0] == 1 }
  }
}

extension IndexExpression.Atom {
  fileprivate var asQuotient: (of: IndexExpression, by: Dimension)? {
    if case .floorDivide(let inner, let divisor) = self { return (inner, divisor) }
    return nil
  }
}
