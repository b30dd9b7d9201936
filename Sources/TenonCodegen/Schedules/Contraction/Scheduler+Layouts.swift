import TenonGraph
import TenonTensor

extension Scheduler {
  /// For each input of a group, the layout in which its kernel reads it fastest; nil where that is
  /// the one it has. Worth a copy where the input is read more often than it changes: make it with
  /// `KernelGroup.packing`, and give the group's input the layout.
  package func preferredLayouts(_ group: KernelGroup) -> [Layout?] {
    let group = group.canonical().group
    var layouts = [Layout?](repeating: nil, count: group.inputs.count)
    guard case .stages(let stages) = group.body, stages.count == 1 else { return layouts }
    let analysis = GroupAnalysis(group, stages)
    guard
      let contraction = ContractionSchedule(analysis, target: target, tileWork: tileWork),
      let (input, indices) = contraction.shape.columnLoad(stages[0])
    else { return layouts }
    let type = group.inputs[input]
    let columns = contraction.shape.columns
    guard type.layout == nil, type.shape.isConstant, columns.axes.count == 1,
      columns.bound >= contraction.block.columns
    else { return layouts }
    let isColumn = indices.map { $0.axes.contains(columns.axes[0]) }
    guard let axis = isColumn.firstIndex(of: true), isColumn.lastIndex(of: true) == axis,
      indices[axis].singleAxis == columns.axes[0]
    else { return layouts }
    // Axes outside of the depth come first, then those of the depth from its outermost loop on.
    func place(_ axis: Int) -> Int {
      contraction.shape.depth.lastIndex { loop in
        indices[axis].axes.contains { loop.axes.contains($0) }
      } ?? -1
    }
    let others = type.shape.indices.filter { $0 != axis }
    let outer = others.filter { place($0) < 0 }.map { Layout.Part(axis: $0) }
    let depth = others.filter { place($0) >= 0 }
      .sorted { (place($0), $0) < (place($1), $1) }.map { Layout.Part(axis: $0) }
    let block = contraction.block.columns
    layouts[input] = Layout(
      outer + [Layout.Part(axis: axis, block: block)] + depth
        + [Layout.Part(axis: axis, block: block, isInner: true)])
    return layouts
  }
}

extension ContractionShape {
  /// The input that alone gives the column factor, and where it is read, if there is one.
  fileprivate func columnLoad(_ stage: KernelGroup.Stage) -> (Int, [IndexExpression])? {
    let program = reduction.program
    var found: (Int, [IndexExpression])?
    for (place, isNeeded) in program.needed(for: [columnFactor]).enumerated() where isNeeded {
      guard case .load(let operand, let indices, let guards, _) = program.instructions[place]
      else { continue }
      guard found == nil, guards.isEmpty, case .input(let input) = stage.operands[operand] else {
        return nil
      }
      found = (input, indices)
    }
    return found
  }
}

extension KernelGroup {
  /// The copy of a plain tensor into a layout; what pads its blocks is 0. The output's type is the
  /// plain tensor of the layout's parts, which lies in memory as the layout says.
  package static func packing(_ type: TensorType, as layout: Layout) -> KernelGroup {
    precondition(type.layout == nil, "internal: a packed tensor is packed again")
    var program = ScalarProgram()
    var sizes: [Dimension] = []
    var indices = type.shape.map { _ in IndexExpression(0) }
    for (number, part) in layout.parts.enumerated() {
      let place = IndexExpression.axis(number)
      guard let block = part.block else {
        sizes.append(type.shape[part.axis])
        indices[part.axis] = place
        continue
      }
      sizes.append(
        part.isInner
          ? Dimension(block) : type.shape[part.axis].ceilingDivided(by: Dimension(block)))
      indices[part.axis] = indices[part.axis] + (part.isInner ? place : place * Dimension(block))
    }
    let guards = zip(indices, type.shape).compactMap { index, size -> Guard? in
      index.isWithin(size) { sizes[$0] } ? nil : .within(index, size)
    }
    let fill =
      guards.isEmpty
      ? nil : program.add(type.element.isFloat ? .float(0) : .integer(0), type.element)
    let value = program.add(
      .load(operand: 0, indices, guards: guards, fill: fill), type.element)
    return KernelGroup(
      inputs: [type], outputs: [TensorType(type.element, Shape(sizes))],
      body: .single(.compute(Compute(axes: sizes, program: program, results: [value]))))
  }
}
