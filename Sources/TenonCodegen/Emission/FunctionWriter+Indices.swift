import TenonGraph
import TenonTensor

// Index arithmetic in C.
extension FunctionWriter {
  /// The index with the variables of unrolled loops replaced.
  func resolved(_ index: IndexExpression) -> IndexExpression {
    if unrolled.isEmpty { return index }
    return index.substituting(
      axis: { axis in
        unrolled[axis].map { IndexExpression(Dimension($0)) } ?? .axis(axis)
      },
      scalar: { .scalar($0) }, extents: { _ in nil })
  }

  /// The index as a C expression, in parentheses where it has several terms.
  func expression(_ index: IndexExpression) -> String {
    let index = resolved(index)
    var parts: [String] = []
    for term in index.terms {
      let atom = self.atom(term.atom)
      parts.append(term.coefficient == 1 ? atom : "\(atom) * \(size(term.coefficient))")
    }
    if index.constant != 0 || parts.isEmpty { parts.append(size(index.constant)) }
    return parts.count == 1 ? parts[0] : "(" + parts.joined(separator: " + ") + ")"
  }

  private func atom(_ atom: IndexExpression.Atom) -> String {
    switch atom {
    case .axis(let axis): "x\(axis)"
    case .scalar(let value): name(value)
    case .floorDivide(let inner, let by):
      isNatural(inner)
        ? "(i64)((u64)\(expression(inner)) / (u64)\(size(by)))"
        : "FLOOR_DIVIDE(\(expression(inner)), \(size(by)))"
    case .remainder(let inner, let by):
      isNatural(inner)
        ? "(i64)((u64)\(expression(inner)) % (u64)\(size(by)))"
        : "FLOOR_REMAINDER(\(expression(inner)), \(size(by)))"
    }
  }

  /// Whether the index is certainly not negative.
  func isNatural(_ index: IndexExpression) -> Bool {
    guard let low = index.constant.range?.lowerBound, low >= 0 else { return false }
    return index.terms.allSatisfy { term in
      guard let factor = term.coefficient.range?.lowerBound, factor >= 0 else { return false }
      switch term.atom {
      case .axis(let axis):
        return naturals.contains(axis) || unrolled[axis].map { $0 >= 0 } ?? false
      case .scalar(let value): return naturalValues.contains(value)
      case .remainder: return true
      case .floorDivide(let inner, _): return isNatural(inner)
      }
    }
  }

  /// A size as a C expression over the kernel's size arguments, in parentheses where it has
  /// several terms.
  func size(_ size: Dimension) -> String {
    if let number = size.constant { return number < 0 ? "(\(number)l)" : "\(number)l" }
    var parts = size.terms.map { term -> String in
      let factors = term.factors.map(atom)
      let all = term.coefficient == 1 ? factors : ["\(term.coefficient)l"] + factors
      return all.joined(separator: " * ")
    }
    if size.constantPart != 0 { parts.append("\(size.constantPart)l") }
    return "(" + parts.joined(separator: " + ") + ")"
  }

  private func atom(_ atom: Dimension.Atom) -> String {
    switch atom {
    case .symbol(let symbol): symbol.name
    case .floorDivide(let a, let b): "FLOOR_DIVIDE(\(size(a)), \(size(b)))"
    case .remainder(let a, let b): "FLOOR_REMAINDER(\(size(a)), \(size(b)))"
    case .minimum(let a, let b): "MINIMUM(\(size(a)), \(size(b)))"
    case .maximum(let a, let b): "MAXIMUM(\(size(a)), \(size(b)))"
    }
  }
}
