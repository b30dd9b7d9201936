import TenonGraph
import TenonTensor

/// A group of computes with what schedules ask about it: which leading axes all stages share, and
/// how each stage reaches its operands.
struct GroupAnalysis {
  /// A result that stays inside the kernel: one row of scratch memory, written anew for each index
  /// of the shared axes.
  struct Temporary {
    var element: ElementType
    /// The sizes of one row.
    var row: [Dimension]
  }

  let group: KernelGroup
  let stages: [StageAnalysis]
  /// Leading axes that all stages loop over together.
  let sharedAxes: Int
  let sharedLoops: [LoopAxis]
  let temporaries: [Temporary]

  init(_ group: KernelGroup, _ stages: [KernelGroup.Stage]) {
    self.group = group
    let split =
      stages.count == 1
      ? AxisSplit(stages[0].compute, operands: stages[0].operandTypes(group)) : nil
    let shared = split?.compute.axes.count ?? group.sharedAxes
    sharedAxes = shared
    var temporaries: [Temporary] = []
    var places: [[OperandAccess]] = []
    var analyses: [StageAnalysis] = []
    for var stage in stages {
      if let split { stage.compute = split.compute }
      let results = stage.results.indices.map { number -> OperandAccess in
        switch stage.results[number] {
        case .output(let output):
          var access = GroupAnalysis.access(
            .buffer(group.inputs.count + output), group.outputs[output])
          if let split {
            let whole = access.offset
            access.offset = { whole(split.joined($0)) }
          }
          return access
        case .temporary:
          let element = stage.compute.program.type(stage.compute.results[number])
          let row = Array(stage.compute.axes[shared...])
          temporaries.append(Temporary(element: element, row: row))
          return OperandAccess(memory: .scratch(temporaries.count - 1), element: element) {
            rowMajorOffset(Array($0[shared...]), row)
          }
        }
      }
      places.append(results)
      let operands = stage.operands.map { operand -> OperandAccess in
        switch operand {
        case .input(let input): GroupAnalysis.access(.buffer(input), group.inputs[input])
        case .stage(let earlier, let result): places[earlier][result]
        }
      }
      analyses.append(
        StageAnalysis(stage.compute, sharedAxes: shared, operands: operands, results: results))
    }
    self.temporaries = temporaries
    self.stages = analyses
    sharedLoops = IndexSet.loops(
      (0..<shared).map { ($0, analyses[0].compute.axes[$0]) }, in: analyses.map(\.indices))
  }

  private static func access(_ memory: Memory, _ type: TensorType) -> OperandAccess {
    OperandAccess(memory: memory, element: type.element, layout: type.layout) {
      type.offset($0)
    }
  }
}

extension KernelGroup.Stage {
  /// The types of what a group's only stage reads.
  fileprivate func operandTypes(_ group: KernelGroup) -> [TensorType] {
    operands.map { operand in
      guard case .input(let input) = operand else {
        preconditionFailure("internal: an only stage reads another")
      }
      return group.inputs[input]
    }
  }
}
