import TenonGraph
import TenonTensor

extension KernelGroup {
  /// Whether the memory of `input` may be that of `output` as well: every element is read for the
  /// last time before the kernel writes there.
  package func mayOverwrite(input: Int, by output: Int) -> Bool {
    let (from, to) = (inputs[input], outputs[output])
    switch body {
    case .single(.scatter(let scatter)):
      return input == output && input < scatter.count && from == to
    case .single: return false
    case .stages(let stages):
      guard from.shape == to.shape, from.layout == to.layout,
        from.element.byteWidth == to.element.byteWidth,
        let writer = stages.firstIndex(where: { $0.results.contains(.output(output)) }),
        stages[writer].compute.axes == to.shape.dimensions
      else { return false }
      let rows = sharedAxes
      for (place, stage) in stages.enumerated() {
        guard let operand = stage.operands.firstIndex(of: .input(input)) else { continue }
        if place > writer { return false }
        let own = place == writer ? to.rank : rows
        if place == writer, stage.compute.reduction?.program.loads(operand) == true { return false }
        let programs = [stage.compute.program, stage.compute.reduction?.program]
        for program in programs.compactMap({ $0 })
        where !program.reads(operand, atOwn: own, of: from.shape) {
          return false
        }
      }
      return true
    }
  }
}

extension ScalarProgram {
  fileprivate func loads(_ wanted: Int) -> Bool {
    instructions.contains { instruction in
      if case .load(let operand, _, _, _) = instruction { operand == wanted } else { false }
    }
  }

  /// Whether all loads of an operand have its first `count` indices at the reader's own.
  fileprivate func reads(_ wanted: Int, atOwn count: Int, of shape: Shape) -> Bool {
    instructions.allSatisfy { instruction in
      guard case .load(let operand, let index, _, _) = instruction, operand == wanted else {
        return true
      }
      return index.prefix(count).enumerated().allSatisfy { axis, expression in
        expression.singleAxis == axis || shape[axis] == 1
      }
    }
  }
}
