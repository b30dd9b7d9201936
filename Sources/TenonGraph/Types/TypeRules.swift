import TenonTensor

// Rules that recording, parsing and verifying share.

extension ValueType {
  /// The type as inference sees it.
  var withoutLayout: ValueType {
    switch self {
    case .tensor(let type): type.layout == nil ? self : .tensor(type.withoutLayout)
    case .sequence(let type): .sequence(type.withoutLayout)
    case .optional(let type): .optional(type.withoutLayout)
    }
  }
}

extension ValueType {
  /// Whether a value of the type may carry known elements.
  var mayHaveKnownElements: Bool {
    guard let tensor, tensor.rank <= 1 else { return false }
    return tensor.element.isInteger || tensor.element == .bool
  }
}

extension TensorType {
  /// Whether the known sizes, and what they come to together, lie between 0 and 2^46.
  var hasSoundSizes: Bool {
    let most = 1 << 46
    var product = 1
    for dimension in shape.dimensions {
      guard let size = dimension.constant else { continue }
      if size < 0 || size >= most { return false }
      product = Dimension.saturatingProduct(product, size)
    }
    return product < most || !shape.isConstant
  }

  /// Whether rank and sizes are small enough for text.
  var isSmallExpression: Bool {
    shape.rank <= TextGrammar.rankLimit && shape.allSatisfy { $0.isSmall(limit: 1024) }
  }

  /// Whether a value of the type may carry `count` known elements.
  func mayHaveKnownElements(_ count: Int) -> Bool {
    guard element.isInteger || element == .bool, rank <= 1, count <= 64 else { return false }
    return rank == 0 ? count == 1 : shape[0].constant == count
  }

  /// Whether size arithmetic says what arithmetic on the elements would: no number wraps around or
  /// saturates, no expression grows without end.
  func mayHave(knownElements elements: [Dimension]) -> Bool {
    guard mayHaveKnownElements(elements.count) else { return false }
    let most = min(Int(element.maximumInteger ?? .max), Dimension.limit - 1)
    let least = max(Int(element.minimumInteger), 1 - Dimension.limit)
    return elements.allSatisfy { known in
      known.constant.map { $0 >= least && $0 <= most } ?? known.isSmall(limit: 64)
    }
  }
}

extension Layout {
  /// Whether each of `rank` axes is there once: whole, or as blocks with their inside after them.
  func fits(rank: Int) -> Bool {
    var blocks = [Int?](repeating: nil, count: rank)
    var isDone = [Bool](repeating: false, count: rank)
    for part in parts {
      guard part.axis >= 0, part.axis < rank, !isDone[part.axis] else { return false }
      if part.isInner {
        guard let block = part.block, blocks[part.axis] == block else { return false }
        isDone[part.axis] = true
      } else if let block = part.block {
        guard block > 0, blocks[part.axis] == nil else { return false }
        blocks[part.axis] = block
      } else {
        guard blocks[part.axis] == nil else { return false }
        isDone[part.axis] = true
      }
    }
    return isDone.allSatisfy { $0 }
  }
}

extension Dimension {
  /// Whether the expression has at most `limit` parts, at most 32 deep.
  func isSmall(limit: Int) -> Bool {
    var left = limit
    return isConstant || isSmall(&left, depth: 32)
  }

  private func isSmall(_ left: inout Int, depth: Int) -> Bool {
    guard depth > 0 else { return false }
    for term in terms {
      for factor in term.factors {
        left -= 1
        guard left >= 0 else { return false }
        switch factor {
        case .symbol: continue
        case .floorDivide(let a, let b), .remainder(let a, let b), .minimum(let a, let b),
          .maximum(let a, let b):
          guard a.isSmall(&left, depth: depth - 1), b.isSmall(&left, depth: depth - 1) else {
            return false
          }
        }
      }
    }
    return true
  }
}
