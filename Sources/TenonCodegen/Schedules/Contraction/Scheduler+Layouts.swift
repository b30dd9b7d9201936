import TenonGraph
import TenonTensor

extension Scheduler {
  /// For each input of a group, the layout in which its kernel reads it fastest; nil where that is
  /// the one it has. Worth a copy where the input is read more often than it changes: make it with
  /// `KernelGroup.packing`, and give the group's input the layout.
  ///
  /// - Parameters:
  ///   - mayChange: by input, whether it can be given a layout at all.
  ///   - leastBytes: smaller factors of a contraction are left as they lie.
  package func preferredLayouts(_ group: KernelGroup, mayChange: [Bool], leastBytes: Int = 0)
    -> [Layout?]
  {
    let group = group.canonical().group
    var layouts = [Layout?](repeating: nil, count: group.inputs.count)
    guard case .stages(let stages) = group.body, stages.count == 1 else { return layouts }
    let analysis = GroupAnalysis(group, stages)
    guard
      let schedule = ContractionSchedule(
        analysis, target: target, tileWork: tileWork, packsAhead: true)
    else {
      return windowLayouts(group, analysis, mayChange)
    }
    let shape = schedule.shape
    let block = shape.columnsSideBySide(schedule.block)
    let column = shape.columns.axes.last!
    let isOneAxis = shape.columns.axes.count == 1 || shape.columnsAreInBlocks
    if let tuple = shape.tuple {
      guard shape.layoutsMayHold(tuple) else { return layouts }
      if schedule.panel != .direct, isOneAxis,
        let (input, indices) = shape.load(shape.columnFactor, stages[0]), mayChange[input]
      {
        layouts[input] = Layout.tuples(
          group.inputs[input], (column, block), indices, depth: shape.depth, tuple)
      }
      if schedule.rowSource != .direct, !shape.rowsLieInTuples,
        let (input, indices) = shape.load(shape.rowFactor, stages[0]), mayChange[input]
      {
        layouts[input] = Layout.tuples(
          group.inputs[input], nil, indices, depth: shape.depth, tuple)
      }
      return layouts
    }
    // One row reads a panel once, and fastest from end to end.
    let isSplit =
      (schedule.pieces?.count != 1 || shape.isOneRow) && shape.columns.bound > block
    guard schedule.panel != .direct || isSplit, isOneAxis,
      let loads = shape.loads(shape.columnFactor, stages[0]),
      loads.contains(where: { group.inputs[$0.input].byteCount >= leastBytes })
    else { return layouts }
    // All or none: what lies apart keeps vectors from being read.
    for (input, indices) in loads where indices.contains(where: { $0.axes.contains(column) }) {
      guard mayChange[input], layouts[input] == nil,
        let layout = Layout.blocked(
          group.inputs[input], column, by: block, indices, depth: shape.depth)
      else { return [Layout?](repeating: nil, count: layouts.count) }
      layouts[input] = layout
    }
    return layouts
  }

  /// Smaller factors of a contraction stay in the first cache however they lie.
  package static let leastPackedBytes = 16 << 10

  /// What lies apart along the lanes of windows is wanted side by side.
  private func windowLayouts(
    _ group: KernelGroup, _ analysis: GroupAnalysis, _ mayChange: [Bool]
  ) -> [Layout?] {
    var layouts = [Layout?](repeating: nil, count: group.inputs.count)
    let stage = analysis.stages[0]
    guard let last = analysis.sharedLoops.last, let reduction = stage.compute.reduction,
      case .stages(let stages) = group.body
    else { return layouts }
    let lanes = stage.compute.lanes(target)
    let lane = last.axes.last!
    guard let width = last.extent.constant, width % lanes == 0 else { return layouts }
    for instruction in reduction.program.instructions {
      guard case .load(let operand, let indices, let guards, _) = instruction, guards.isEmpty,
        case .input(let input) = stages[0].operands[operand], mayChange[input]
      else { continue }
      let offset = stage.operands[operand].offset(indices)
      guard offset.coefficient(ofAxis: lane).constant ?? 0 > 1 else { continue }
      layouts[input] = Layout.blocked(
        group.inputs[input], lane, by: lanes, indices, depth: stage.reductionLoops)
    }
    guard layouts.contains(where: { $0 != nil }) else { return layouts }
    // Only where the kernel then is one of windows.
    var changed = group
    for (input, layout) in layouts.enumerated() where layout != nil {
      changed.inputs[input].layout = layout
    }
    return WindowSchedule(
      GroupAnalysis(changed, stages), target: target, tileWork: tileWork) == nil
      ? group.inputs.map { _ in nil } : layouts
  }
}

extension TensorType {
  /// Bytes of the elements with every size at its maximum.
  fileprivate var byteCount: Int {
    Dimension.saturatingProduct(shape.elementCount.upperBound ?? 0, element.byteWidth)
  }
}

extension ContractionShape {
  /// The input that alone gives a factor, and where it is read, if there is one.
  fileprivate func load(
    _ factor: ScalarID, _ stage: KernelGroup.Stage
  ) -> (input: Int, index: [IndexExpression])? {
    guard let loads = loads(factor, stage), loads.count == 1 else { return nil }
    return loads[0]
  }

  /// The inputs that a factor is computed from, and where each is read; nil where it depends on
  /// more than those.
  fileprivate func loads(
    _ factor: ScalarID, _ stage: KernelGroup.Stage
  ) -> [(input: Int, index: [IndexExpression])]? {
    let program = reduction.program
    var found: [(Int, [IndexExpression])] = []
    for (place, isNeeded) in program.needed(for: [factor]).enumerated() where isNeeded {
      guard case .load(let operand, let indices, let guards, _) = program.instructions[place]
      else { continue }
      guard guards.isEmpty, case .input(let input) = stage.operands[operand] else { return nil }
      found.append((input, indices))
    }
    return found
  }
}

extension Layout {
  /// One axis in blocks that lie innermost; the other axes as they are walked: those outside of
  /// the depth first, then those of the depth from its outermost loop on, where one that two loops
  /// walk is in two parts. Nil where the type has a layout already, or is not indexed by one axis
  /// along `loopAxis`.
  fileprivate static func blocked(
    _ type: TensorType, _ loopAxis: Int, by block: Int, _ indices: [IndexExpression],
    depth: [LoopAxis]
  ) -> Layout? {
    guard type.layout == nil, type.shape.isConstant,
      let axis = indices.firstIndex(where: { $0.axes.contains(loopAxis) }),
      indices[axis].runs(throughBlocksOf: block, along: loopAxis),
      indices.count(where: { $0.axes.contains(loopAxis) }) == 1
    else { return nil }
    var outer: [Layout.Part] = []
    var inner: [(place: Int, part: Layout.Part)] = []
    for other in type.shape.indices where other != axis {
      if let walk = indices[other].blocks(in: depth) {
        inner.append((walk.outer, Layout.Part(axis: other, block: walk.block)))
        inner.append((walk.inner, Layout.Part(axis: other, block: walk.block, isInner: true)))
      } else if let place = depth.lastIndex(where: { indices[other].depends(on: $0) }) {
        inner.append((place, Layout.Part(axis: other)))
      } else {
        outer.append(Layout.Part(axis: other))
      }
    }
    inner.sort { ($0.place, $0.part.axis) < ($1.place, $1.part.axis) }
    return Layout(
      outer + [Layout.Part(axis: axis, block: block)] + inner.map(\.part)
        + [Layout.Part(axis: axis, block: block, isInner: true)])
  }

  /// Tuples innermost, then the columns of a block where there are columns, then the rest of the
  /// depth; the other axes first. Nil where the type has a layout already or the tuples' loop is
  /// more than one axis of it.
  fileprivate static func tuples(
    _ type: TensorType, _ columns: (loopAxis: Int, block: Int)?, _ indices: [IndexExpression],
    depth: [LoopAxis], _ tuple: ProductTuple
  ) -> Layout? {
    func axis(of loop: Int, blocksOf block: Int) -> Int? {
      guard let axis = indices.firstIndex(where: { $0.axes.contains(loop) }),
        indices[axis].runs(throughBlocksOf: block, along: loop),
        indices.count(where: { $0.axes.contains(loop) }) == 1
      else { return nil }
      return axis
    }
    guard type.layout == nil, type.shape.isConstant, tuple.loop.axes.count == 1,
      let inner = axis(of: tuple.axis, blocksOf: tuple.width)
    else { return nil }
    let column = columns.map { axis(of: $0.loopAxis, blocksOf: $0.block) }
    if let column, column == nil { return nil }
    func place(_ axis: Int) -> Int { depth.lastIndex { indices[axis].depends(on: $0) } ?? -1 }
    let others = type.shape.indices.filter { $0 != inner && $0 != column ?? nil }
    let outer = others.filter { place($0) < 0 }.map { Layout.Part(axis: $0) }
    let steps = others.filter { place($0) >= 0 }
      .sorted { (place($0), $0) < (place($1), $1) }.map { Layout.Part(axis: $0) }
    var parts = outer
    if let axis = column ?? nil { parts.append(Layout.Part(axis: axis, block: columns!.block)) }
    parts += steps + [Layout.Part(axis: inner, block: tuple.width)]
    if let axis = column ?? nil {
      parts.append(Layout.Part(axis: axis, block: columns!.block, isInner: true))
    }
    return Layout(parts + [Layout.Part(axis: inner, block: tuple.width, isInner: true)])
  }
}

extension IndexExpression {
  fileprivate func depends(on loop: LoopAxis) -> Bool {
    axes.contains(where: loop.axes.contains)
  }

  /// The two loops of which the outer counts blocks of the index and the inner goes through one;
  /// nil where no other loop lies between them.
  fileprivate func blocks(in loops: [LoopAxis]) -> (outer: Int, inner: Int, block: Int)? {
    let walked = loops.indices.filter { depends(on: loops[$0]) }
    guard walked.count == 2, walked[1] > walked[0] + 1,
      let block = loops[walked[1]].extent.constant, block > 0
    else { return nil }
    let (outer, inner) = (loops[walked[0]].axes.last!, loops[walked[1]].axes.last!)
    guard self == IndexExpression(.axis(outer), times: Dimension(block)) + .axis(inner) else {
      return nil
    }
    return (walked[0], walked[1], block)
  }

  /// Whether the index is that of the axis, or that plus the beginning of a block.
  fileprivate func runs(throughBlocksOf block: Int, along axis: Int) -> Bool {
    coefficient(ofAxis: axis) == 1
      && (self - .axis(axis)).remainder(by: Dimension(block), extents: { _ in nil })
        == IndexExpression(0)
  }
}
