import TenonGraph
import TenonTensor

/// A compute one of whose parallel axes is taken apart into two: blocks, and what is inside one.
///
/// A grouped convolution reads its input by the block alone; with the axis split, that is one
/// contraction for each block. What is copied out of blocks reads both parts, each by itself.
struct AxisSplit {
  let compute: Compute
  let axis: Int
  /// Indices of a block.
  let size: Int

  /// Fewer indices than that are too few for the rows of a contraction.
  private static let least = 4

  /// Nil where nothing is read by blocks of a parallel axis.
  init?(_ compute: Compute, operands: [TensorType]) {
    let program: ScalarProgram
    if let reduction = compute.reduction {
      guard reduction.combiner == .sum else { return nil }
      program = reduction.program
    } else {
      guard compute.program.instructions.count == 1 else { return nil }
      program = compute.program
    }
    var found: (axis: Int, size: Int)?
    for instruction in program.instructions {
      // What a copy reads along both parts as along one axis is better read so.
      if compute.reduction == nil, case .load(let operand, let indices, _, _) = instruction,
        operands[operand].offset(indices).recombined.isAffine
      {
        continue
      }
      for expression in instruction.indexExpressions {
        for term in expression.terms {
          guard case .floorDivide(let inner, let by) = term.atom, let axis = inner.singleAxis,
            axis < compute.axes.count, let size = by.constant, size >= AxisSplit.least,
            let extent = compute.axes[axis].constant, extent % size == 0, extent > size
          else { continue }
          found = (axis, size)
        }
      }
    }
    guard let (axis, size) = found else { return nil }
    self.init(compute, axis: axis, size: size)
  }

  /// - Parameter size: a divisor of the axis' known size.
  init(_ compute: Compute, axis: Int, size: Int) {
    self.axis = axis
    self.size = size
    let blocks = Dimension(compute.axes[axis].constant! / size)
    var domain = compute.axes + (compute.reduction?.axes ?? [])
    domain.replaceSubrange(axis...axis, with: [blocks, Dimension(size)])
    func mapped(_ expression: IndexExpression) -> IndexExpression {
      expression.substituting(
        axis: { number in
          number == axis
            ? .axis(axis) * Dimension(size) + .axis(axis + 1)
            : .axis(number < axis ? number : number + 1)
        }, scalar: { .scalar($0) }, extents: { $0 < domain.count ? domain[$0] : nil })
    }
    var result = compute
    result.axes = Array(domain[...compute.axes.count])
    result.program = compute.program.mapIndices(mapped)
    if let reduction = compute.reduction {
      result.reduction!.program = reduction.program.mapIndices(mapped)
    }
    self.compute = result
  }

  /// The indices along the axes as they were.
  func joined(_ indices: [IndexExpression]) -> [IndexExpression] {
    var result = indices
    result.replaceSubrange(
      axis...axis + 1, with: [indices[axis] * Dimension(size) + indices[axis + 1]])
    return result
  }
}

extension ScalarProgram {
  /// The program with index expressions replaced; `map` keeps different ones different.
  func mapIndices(_ map: (IndexExpression) -> IndexExpression) -> ScalarProgram {
    func mapped(_ condition: Guard) -> Guard {
      switch condition {
      case .within(let expression, let bound): .within(map(expression), bound)
      case .multiple(let expression, let factor): .multiple(map(expression), of: factor)
      }
    }
    var result = ScalarProgram()
    for (instruction, type) in zip(instructions, types) {
      switch instruction {
      case .index(let expression): result.add(.index(map(expression)), type)
      case .holds(let guards): result.add(.holds(guards.map(mapped)), type)
      case .load(let operand, let indices, let guards, let fill):
        result.add(
          .load(operand: operand, indices.map(map), guards: guards.map(mapped), fill: fill), type)
      default: result.add(instruction, type)
      }
    }
    precondition(
      result.instructions.count == instructions.count, "internal: indices were made equal")
    return result
  }
}
