import TenonGraph
import TenonTensor

/// How an op's lowering goes along channels, axis 1 of its result, and so what it does with blocks
/// of them.
struct LayoutRole {
  enum Kind {
    /// Each element is a function of elements at its own channel.
    case elementwise
    /// A combination over few elements at its own channel: depthwise convolution, pooling.
    case window
    /// A sum over all channels of an operand.
    case contraction
    /// Such a sum over windows that reach over the edges.
    case edgedContraction
    /// Such a sum that blocks let be computed by Winograd's algorithm.
    case winograd
    /// A sum of narrow numbers over channels that are no whole blocks.
    case partialContraction
    /// A reduction that keeps no blocks: it reads any layout, its result is plain.
    case reader
  }

  var kind: Kind
  /// The operands whose channels are the op's own, or are summed over.
  var data: [Int]
  /// Whether a sum is of numbers narrower than it, of which tuples of neighbours are multiplied.
  var isOfTuples = false

  var takesAny: Bool { kind == .reader }
  /// Whether the op's result may be in blocks.
  var isCandidate: Bool { refusal == nil && kind != .reader }

  /// Why the op is faster on plain operands, whatever is around it.
  var refusal: String? {
    switch kind {
    case .edgedContraction:
      "in blocks a sum over channels looks what is at the edges up one by one"
    case .partialContraction:
      "in blocks a sum gathers tuples of channels that are no whole blocks one by one"
    case .elementwise, .window, .contraction, .winograd, .reader: nil
    }
  }

  /// Nil where blocks of channels mean nothing to the op.
  init?(_ facts: ComputeFacts, operands: [TensorType], result: TensorType, block: Int) {
    let compute = facts.compute
    let axes = compute.axes
    guard compute.results.count == 1 else { return nil }
    if let reader = LayoutRole.reader(facts, operands, block) {
      self = reader
      return
    }
    guard LayoutRole.hasBlocks(result, block) else { return nil }
    let unit = (compute.reduction?.axes ?? []).enumerated()
      .filter { $0.element == 1 }.map { axes.count + $0.offset }
    var own: [Int] = []
    var summed: [Int] = []
    for (operand, reads) in facts.reads.enumerated() {
      for read in reads {
        if read.index.contains(where: { !$0.scalars.isEmpty }) { return nil }
        let isImage = read.index.count == axes.count && operands[operand].rank == result.rank
        guard isImage else { continue }
        let channel = read.index[1].without(unit)
        if channel.axes.contains(1) {
          // At its own channel, or so many blocks away.
          let shift = (channel - .axis(1)).constantValue?.constant
          guard let shift, shift % block == 0, LayoutRole.hasBlocks(operands[operand], block),
            !read.others(contain: 1)
          else { return nil }
          // Rows of a matrix product are no channels: its columns come from the other operand.
          if read.isInReduction, !read.index.follow(axes) { return nil }
          if !own.contains(operand) { own.append(operand) }
        } else if read.isInReduction, let axis = channel.singleAxis, axis >= axes.count,
          !read.others(contain: 1), facts.isContraction
        {
          if !summed.contains(operand) { summed.append(operand) }
        }
      }
    }
    guard compute.reduction != nil else {
      (kind, data) = (.elementwise, own)
      return
    }
    if !own.isEmpty {
      guard summed.isEmpty, own.count == 1 else { return nil }
      (kind, data) = (.window, own)
    } else {
      guard summed.count == 1 else { return nil }
      let hasEdges = facts.reads.joined().contains { $0.isInReduction && !$0.guards.isEmpty }
      let isWinograd =
        compute.reduction?.allowsWinograd == true
        && LayoutRole.hasBlocks(operands[summed[0]], block)
      kind = isWinograd ? .winograd : hasEdges ? .edgedContraction : .contraction
      // A few channels that are no whole blocks are read as they lie.
      data = LayoutRole.hasBlocks(operands[summed[0]], block) ? summed : []
      isOfTuples = operands[summed[0]].element.byteWidth < result.element.byteWidth
      if data.isEmpty, isOfTuples { kind = .partialContraction }
    }
  }

  /// Sums over everything but batch and channels.
  private static func reader(_ facts: ComputeFacts, _ operands: [TensorType], _ block: Int) -> Self?
  {
    guard let reduction = facts.compute.reduction, reduction.combiner == .sum,
      !facts.isContraction, facts.axes.count <= 2
    else { return nil }
    var data: [Int] = []
    for (operand, reads) in facts.reads.enumerated() where hasBlocks(operands[operand], block) {
      for read in reads {
        guard read.isInReduction, let axis = read.index[1].singleAxis, axis < facts.axes.count,
          !read.others(contain: axis)
        else { return nil }
        data = [operand]
      }
    }
    return data.isEmpty ? nil : LayoutRole(kind: .reader, data: data)
  }

  private init(kind: Kind, data: [Int]) {
    self.kind = kind
    self.data = data
  }

  /// Whether a type is that of images whose channels are whole blocks.
  static func hasBlocks(_ type: TensorType, _ block: Int) -> Bool {
    guard isImage(type), let channels = type.shape[1].constant else { return false }
    return channels > 0 && channels % block == 0
  }

  /// Whether a type has a batch, channels and something after them, of known sizes, and elements
  /// that are summed in 32 bits or fewer.
  static func isImage(_ type: TensorType) -> Bool {
    let element = type.element
    return (3...5).contains(type.rank) && type.shape.isConstant
      && (element.isFloat || element.isInteger && (8...32).contains(element.bitWidth))
  }
}

extension ComputeFacts.Read {
  /// Whether an index other than that of axis 1, or a guard of one, depends on an axis.
  fileprivate func others(contain axis: Int) -> Bool {
    index.enumerated().contains { $0.offset != 1 && $0.element.axes.contains(axis) }
  }
}

extension [IndexExpression] {
  /// Whether the place moves along each axis that has more than one index.
  fileprivate func follow(_ axes: [Dimension]) -> Bool {
    axes.indices.allSatisfy { axis in
      axes[axis] == 1 || contains { $0.coefficient(ofAxis: axis) != 0 }
    }
  }
}

extension IndexExpression {
  /// The expression at 0 of some axes.
  fileprivate func without(_ axes: [Int]) -> IndexExpression {
    var result = self
    for axis in axes {
      result = result - IndexExpression(.axis(axis), times: coefficient(ofAxis: axis))
    }
    return result
  }
}
