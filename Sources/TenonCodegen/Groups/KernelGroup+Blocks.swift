import TenonGraph
import TenonTensor

extension KernelGroup {
  /// The group with an axis that a sum reads by blocks taken apart into blocks and what is inside
  /// one, in that stage and in those that read it, where all stages then share the blocks.
  ///
  /// A mean over an image whose channels lie in blocks and what follows it otherwise share no axis
  /// of channels with what makes the image: they would be one tile. And where they are rows, one by
  /// one, the image's vectors are gathered.
  var withSharedBlocks: KernelGroup {
    guard case .stages(let stages) = body, stages.count > 1 else { return self }
    var splits: [AxisSplit?] = []
    var group = self
    var made: [Stage] = []
    for var stage in stages {
      guard let split = split(stage, after: splits, stages) else { return self }
      if let split {
        stage.compute = split.compute
        for case .output(let output) in stage.results {
          guard let type = outputs[output].taken(apart: split, stages[made.count].compute) else {
            return self
          }
          group.outputs[output] = type
        }
      }
      stage.compute.readApart { operand in
        if case .stage(let earlier, _) = stage.operands[operand] { splits[earlier] } else { nil }
      }
      splits.append(split)
      made.append(stage)
    }
    guard let axis = splits.compactMap({ $0 }).first?.axis else { return self }
    group.body = .stages(made)
    group.mostShared = axis + 1
    return group.sharedAxes == axis + 1 ? group : self
  }

  /// How a stage's axis is taken apart: as its own reads say, or as that of what it reads is. The
  /// inner nil where nothing is to be split, the outer one where it cannot be.
  private func split(_ stage: Stage, after earlier: [AxisSplit?], _ stages: [Stage])
    -> AxisSplit??
  {
    let compute = stage.compute
    if compute.reduction != nil {
      let types = stage.operands.map { operand -> TensorType in
        switch operand {
        case .input(let input): inputs[input]
        case .stage(let number, let result):
          TensorType(
            stages[number].compute.program.type(stages[number].compute.results[result]),
            Shape(stages[number].compute.axes))
        }
      }
      if let own = AxisSplit(compute, operands: types) { return .some(own) }
    }
    var found: (axis: Int, size: Int)?
    for program in [compute.program, compute.reduction?.program].compactMap({ $0 }) {
      for case .load(let operand, let index, _, _) in program.instructions {
        guard case .stage(let number, _) = stage.operands[operand], let split = earlier[number]
        else { continue }
        let known: (Int) -> Dimension? = {
          $0 < compute.axes.count ? compute.axes[$0] : nil
        }
        // Read by blocks already.
        let block = index[split.axis].floorDivided(by: Dimension(split.size), extents: known)
        if block.singleAxis != nil { continue }
        guard let axis = index[split.axis].singleAxis, axis < compute.axes.count,
          compute.axes[axis] == stages[number].compute.axes[split.axis],
          found == nil || found! == (axis, split.size)
        else { return nil }
        found = (axis, split.size)
      }
    }
    return .some(found.map { AxisSplit(compute, axis: $0.axis, size: $0.size) })
  }
}

extension TensorType {
  /// The same memory with the axis taken apart; nil where it is not that of the compute's axes.
  fileprivate func taken(apart split: AxisSplit, _ compute: Compute) -> TensorType? {
    guard layout == nil, shape.dimensions == compute.axes else { return nil }
    return TensorType(element, Shape(split.compute.axes))
  }
}

extension Compute {
  /// Reads the operands of which an axis was taken apart along both parts.
  fileprivate mutating func readApart(_ split: (Int) -> AxisSplit?) {
    let parallel = axes
    func rewritten(_ source: ScalarProgram, _ extents: [Dimension]) -> ScalarProgram {
      var result = ScalarProgram()
      for (instruction, type) in zip(source.instructions, source.types) {
        guard case .load(let operand, var index, let guards, let fill) = instruction,
          let split = split(operand)
        else {
          result.add(instruction, type)
          continue
        }
        let (whole, size) = (index[split.axis], Dimension(split.size))
        let known: (Int) -> Dimension? = { $0 < extents.count ? extents[$0] : nil }
        index.replaceSubrange(
          split.axis...split.axis,
          with: [
            whole.floorDivided(by: size, extents: known), whole.remainder(by: size, extents: known),
          ])
        result.add(.load(operand: operand, index, guards: guards, fill: fill), type)
      }
      precondition(
        result.instructions.count == source.instructions.count, "internal: loads were made equal")
      return result
    }
    program = rewritten(program, parallel)
    if let old = reduction {
      reduction!.program = rewritten(old.program, parallel + old.axes)
    }
  }
}
