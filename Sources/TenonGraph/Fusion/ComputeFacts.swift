import TenonTensor

/// What fusion needs to know of one compute, worked out once for equal ops on equal types.
package final class ComputeFacts {
  /// One load of an operand.
  package struct Read: Hashable {
    package var index: [IndexExpression]
    package var guards: [Guard]
    /// True in the program that is combined, false in the one after it.
    package var isInReduction: Bool
    /// At the reader's own index, with equal sizes, without guards, outside the reduction.
    package var isIdentity: Bool
    /// Leading axes of operand and reader that are equal in size and read at the reader's index.
    package var aligned: Int
    /// True where no element is read at two indices of the domain.
    package var isOnce: Bool
    /// True where the index is affine in axes.
    package var isAffine: Bool
    /// True where neighbours along an axis are read from elements further apart.
    package var skips: Bool {
      index.contains { $0.axes.count == 1 && abs($0.terms[0].coefficient.constant ?? 1) > 1 }
    }
  }

  package let compute: Compute
  /// By operand, each load once.
  package let reads: [[Read]]
  /// Weight of evaluating one result element, a reduction's domain not counted.
  package let weight: Int
  /// Sums of products in which operands are used again and again: matmul and convolution.
  package let isContraction: Bool
  /// True where the result is one operand's element at another index.
  package let isView: Bool
  /// Whether the result is a view of some elements only, at even distances.
  package var skips: Bool { isView && reads.joined().contains(where: \.skips) }
  /// True where it puts a value into another layout: a memory of its own is what it is for.
  package let isRelayout: Bool
  /// Where the result is a dense part of operand 0 under other sizes: its first element there.
  package let aliasOffset: Dimension?
  /// Evaluations of the inner program with every size at its maximum.
  package let work: Int
  /// By operand, bytes of an element.
  private let widths: [Int]

  package var axes: [Dimension] { compute.axes }
  package var hasReduction: Bool { compute.reduction != nil }

  package init(_ compute: Compute, operands: [TensorType], changesLayout: Bool = false) {
    self.compute = compute
    widths = operands.map(\.element.byteWidth)
    let domain = compute.axes + (compute.reduction?.axes ?? [])
    var reads = [[Read]](repeating: [], count: operands.count)
    func scan(
      _ program: ScalarProgram, _ needed: [Bool], isInReduction: Bool, over axes: [Dimension]
    ) {
      for (place, instruction) in program.instructions.enumerated() where needed[place] {
        guard case .load(let operand, let index, let guards, _) = instruction else { continue }
        let read = Read(
          index, guards, isInReduction: isInReduction, axes: axes, parallel: compute.axes.count,
          shape: operands[operand].shape.dimensions)
        if !reads[operand].contains(read) { reads[operand].append(read) }
      }
    }
    let program = compute.program
    let needed = program.needed(for: compute.results)
    scan(program, needed, isInReduction: false, over: compute.axes)
    var weight = 0
    for (place, instruction) in program.instructions.enumerated() where needed[place] {
      weight += instruction.weight
    }
    if let reduction = compute.reduction {
      let inner = reduction.program
      scan(inner, inner.needed(for: reduction.values), isInReduction: true, over: domain)
      scan(inner, inner.needed(for: reduction.initial), isInReduction: true, over: compute.axes)
      weight += 16
    }
    self.reads = reads
    self.weight = weight
    isContraction = ComputeFacts.isContraction(compute, reads)
    let sizes = Shape(domain).elementCount
    work = sizes.upperBound ?? sizes.constant ?? Int.max / 2

    var view: (operand: Int, index: [IndexExpression], guards: [Guard])?
    if compute.reduction == nil, compute.results.count == 1,
      case .load(let operand, let index, let guards, _) = program[compute.results[0]]
    {
      view = (operand, index, guards)
    }
    isView = view != nil
    isRelayout = view != nil && changesLayout
    aliasOffset = view.flatMap { view in
      guard view.guards.isEmpty, view.operand == 0 else { return nil }
      let axes = compute.axes
      let own = IndexExpression.offset(axes.indices.map { .axis($0) }, in: axes)
        .droppingUnitAxes(axes)
      let source = IndexExpression.offset(view.index, in: operands[0].shape.dimensions)
        .droppingUnitAxes(axes)
      return (source - own).constantValue
    }
  }

  /// Whether all result elements are one number.
  package var isUniform: Bool {
    isFree && reads.joined().allSatisfy { $0.index.allSatisfy(\.axes.isEmpty) }
      && compute.program.instructions.allSatisfy { instruction in
        if case .index = instruction { false } else { true }
      }
  }

  /// Whether each result element is made from fewer bytes of elements that nothing else is made
  /// from: storing the result would cost more than making it where it is read.
  package var isWidening: Bool {
    guard !hasReduction, compute.results.count == 1 else { return false }
    var bytes = 0
    for (operand, reads) in reads.enumerated() {
      for read in reads where read.isOnce { bytes += widths[operand] }
    }
    return bytes > 0 && bytes < compute.program.type(compute.results[0]).byteWidth
  }

  /// Whether the result costs nothing to compute again: a view, a constant, an index.
  package var isFree: Bool {
    !hasReduction && weight <= 1 && reads.reduce(0) { $0 + $1.count } <= 1
      && reads.joined().allSatisfy { $0.isAffine }
  }

  private static func isContraction(_ compute: Compute, _ reads: [[Read]]) -> Bool {
    guard let reduction = compute.reduction, reduction.combiner == .sum,
      reduction.values.count == 1
    else { return false }
    let program = reduction.program
    var loads = 0
    for (place, isNeeded) in program.needed(for: reduction.values).enumerated() where isNeeded {
      if case .load = program.instructions[place] { loads += 1 }
    }
    return loads >= 2 && reads.joined().contains { $0.isInReduction && !$0.isOnce }
  }
}

extension ComputeFacts.Read {
  fileprivate init(
    _ index: [IndexExpression], _ guards: [Guard], isInReduction: Bool, axes: [Dimension],
    parallel: Int, shape: [Dimension]
  ) {
    self.index = index
    self.guards = guards
    self.isInReduction = isInReduction
    var aligned = 0
    for axis in 0..<min(index.count, parallel) {
      guard shape[axis] == axes[axis], index[axis].singleAxis == axis || shape[axis] == 1
      else { break }
      aligned += 1
    }
    self.aligned = aligned
    isIdentity =
      !isInReduction && guards.isEmpty && aligned == parallel && shape.count == parallel
    isAffine = index.allSatisfy(\.isAffine)
    isOnce =
      isIdentity || IndexExpression.offset(index, in: shape).isInjective(overAxes: axes)
  }
}

extension IndexExpression {
  /// Without the axes of one index, which are 0.
  fileprivate func droppingUnitAxes(_ sizes: [Dimension]) -> IndexExpression {
    var result = IndexExpression(constant)
    for term in terms {
      if case .axis(let axis) = term.atom, sizes[axis] == 1 { continue }
      result = result + IndexExpression(term.atom, times: term.coefficient)
    }
    return result
  }
}
