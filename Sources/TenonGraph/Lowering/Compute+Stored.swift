import TenonTensor

extension TensorType {
  /// The plain tensor that lies in memory as this type's layout says: an axis for each part of the
  /// layout. The type itself where it has none.
  package var stored: TensorType {
    guard let layout else { return self }
    return TensorType(element, Shape(layout.storedSizes(shape.dimensions)))
  }

  /// The type as inference sees it.
  package var withoutLayout: TensorType {
    layout == nil ? self : TensorType(element, shape)
  }
}

extension Layout {
  /// One axis in blocks, which lie innermost: `{0,1/16,2,3,16:1}`.
  public static func blocked(_ axis: Int, by block: Int, rank: Int) -> Layout {
    Layout(
      (0..<rank).map { Part(axis: $0, block: $0 == axis ? block : nil) }
        + [Part(axis: axis, block: block, isInner: true)])
  }

  /// The size of each part under the logical sizes of the axes, partial blocks counted whole.
  package func storedSizes(_ sizes: [Dimension]) -> [Dimension] {
    parts.map { part in
      guard let block = part.block else { return sizes[part.axis] }
      return part.isInner
        ? Dimension(block) : sizes[part.axis].ceilingDivided(by: Dimension(block))
    }
  }

  /// The index along each part of the element at a logical index.
  package func stored(
    _ index: [IndexExpression], extents: (Int) -> Dimension?
  ) -> [IndexExpression] {
    parts.map { part in
      guard let block = part.block.map({ Dimension($0) }) else { return index[part.axis] }
      return part.isInner
        ? index[part.axis].remainder(by: block, extents: extents)
        : index[part.axis].floorDivided(by: block, extents: extents)
    }
  }

  /// The logical index of the element at an index along each part.
  package func logical(_ index: [IndexExpression], rank: Int) -> [IndexExpression] {
    var result = [IndexExpression](repeating: IndexExpression(0), count: rank)
    for (part, place) in zip(parts, index) {
      let factor = part.isInner ? 1 : part.block ?? 1
      result[part.axis] = result[part.axis] + place * Dimension(factor)
    }
    return result
  }

  /// Why values of such sizes cannot have the layout; nil where they can. Every block must be
  /// full.
  package func refusal(_ shape: Shape) -> String? {
    guard fits(rank: shape.rank) else { return "\(self) does not fit rank \(shape.rank)" }
    for part in parts {
      guard let block = part.block, !part.isInner else { continue }
      guard shape[part.axis].remainder(dividingBy: Dimension(block)) == 0 else {
        return "\(shape[part.axis]) along axis \(part.axis) is no multiple of \(block)"
      }
    }
    return nil
  }
}

extension Compute {
  /// This compute over the memory of operands and results in their layouts: operands and results
  /// are then plain tensors of the layouts' parts (`TensorType.stored`).
  ///
  /// Only index expressions change: the results' axes become the parts of their layout, which all
  /// results share, and loads read the parts of theirs. A reduction axis that runs through blocks
  /// of an operand becomes two, in the order in which it ran before.
  package func stored(operands: [TensorType], results types: [TensorType]) -> Compute {
    guard (operands + types).contains(where: { $0.layout != nil }) else { return self }
    let own = types.first?.layout
    precondition(
      types.allSatisfy { $0.layout == own }, "internal: results of one op in several layouts")
    let parts = own?.storedSizes(axes) ?? axes
    var domain = parts
    let places = parts.indices.map { IndexExpression.axis($0) }
    var index = own?.logical(places, rank: axes.count) ?? places
    for (number, extent) in (reduction?.axes ?? []).enumerated() {
      let block = reductionBlock(axes.count + number, operands)
      guard let block, extent.remainder(dividingBy: Dimension(block)) == 0 else {
        index.append(.axis(domain.count))
        domain.append(extent)
        continue
      }
      index.append(.axis(domain.count) * Dimension(block) + .axis(domain.count + 1))
      domain += [extent.floorDivided(by: Dimension(block)), Dimension(block)]
    }
    func rewritten(_ source: ScalarProgram, _ wanted: [ScalarID], _ extents: [Dimension]) -> (
      program: ScalarProgram, wanted: [ScalarID]
    ) {
      var composer = ProgramComposer(extents: extents)
      let scalars = composer.append(source, wanted: wanted, at: index) { composer, load in
        var load = load
        if let layout = operands[load.operand].layout {
          load.index = layout.stored(load.index) { $0 < extents.count ? extents[$0] : nil }
        }
        return composer.read(load, from: load.operand)
      }
      return (composer.program, scalars)
    }
    var new = self
    new.axes = parts
    (new.program, new.results) = rewritten(program, results, parts)
    if let old = reduction {
      let (program, scalars) = rewritten(old.program, old.values + old.initial, domain)
      new.reduction?.axes = Array(domain[parts.count...])
      new.reduction?.program = program
      new.reduction?.values = Array(scalars.prefix(old.values.count))
      new.reduction?.initial = Array(scalars.dropFirst(old.values.count))
    }
    return new
  }

  /// The block of an operand's layout through which a reduction axis runs index by index.
  private func reductionBlock(_ axis: Int, _ operands: [TensorType]) -> Int? {
    for instruction in reduction?.program.instructions ?? [] {
      guard case .load(let operand, let index, _, _) = instruction,
        let layout = operands[operand].layout
      else { continue }
      for part in layout.parts {
        if let block = part.block, !part.isInner, index[part.axis].coefficient(ofAxis: axis) == 1 {
          return block
        }
      }
    }
    return nil
  }
}

extension Lowering {
  /// The lowering over the memory of operands and results in their layouts.
  ///
  /// Nil where it is of a kind that reads and writes plain tensors alone.
  package func stored(operands: [TensorType], results: [TensorType]) -> Lowering? {
    guard (operands + results).contains(where: { $0.layout != nil }) else { return self }
    switch self {
    case .compute(let compute):
      guard results.allSatisfy({ $0.layout == results[0].layout }) else { return nil }
      return .compute(compute.stored(operands: operands, results: results))
    default: return nil
    }
  }
}
