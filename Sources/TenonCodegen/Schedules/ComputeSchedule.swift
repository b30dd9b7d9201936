import TenonGraph
import TenonTensor

/// A kernel with what the plan needs to know of it beside its statements.
package struct ScheduledKernel {
  package var kernel: Kernel
  /// The choices made, for people to read.
  package var description: String
  /// True where all tiles cost the same.
  package var hasUniformTiles: Bool
}

/// Loops for any group of computes: tiles over the axes that all stages share, then each stage in
/// its own loops, with vectors along the axis that needs the fewest instructions.
struct ComputeSchedule {
  /// Tiles beyond which more would only take time to hand out.
  private static let mostTiles = 1024

  let analysis: GroupAnalysis
  let target: Target
  let tileWork: Int

  func schedule(parameters: [Symbol]) -> ScheduledKernel {
    let group = analysis.group
    let builder = KernelBuilder(
      parameters: parameters,
      buffers: group.buffers(streaming: target))
    for temporary in analysis.temporaries {
      let count = temporary.row.reduce(1) {
        Dimension.saturatingProduct($0, max(0, $1.upperBound ?? 0))
      }
      _ = builder.scratch(temporary.element, count: count)
    }
    let single = analysis.stages.count == 1
    let choices = analysis.stages.map { stage in
      VectorChoice(
        stage, parallel: single ? analysis.sharedLoops.last : stage.innerLoops.last,
        target: target)
    }
    let cost = zip(analysis.stages, choices).reduce(0) { total, next in
      total + max(1, next.0.innerCost / next.1.lanes)
    }
    let isVector: Bool
    if single, case .parallel = choices[0] { isVector = true } else { isVector = false }
    let whole = analysis.sharedLoops.reduce(cost) { Dimension.saturatingProduct($0, $1.bound) }
    let grid = TileGrid(
      analysis.sharedLoops, cost: cost, work: max(tileWork, whole / ComputeSchedule.mostTiles),
      multiple: isVector ? choices[0].lanes * StageWriter.unrolling : 1)
    let ranges = grid.ranges(of: .axis(0), in: builder)
    if single {
      let writer = StageWriter(
        builder: builder, stage: analysis.stages[0], choice: choices[0], tiles: grid.tiles)
      writer.write(over: ranges, at: [:])
    } else {
      loops(ranges[...], at: [:], in: builder) { place in
        for (number, (stage, choice)) in zip(analysis.stages, choices).enumerated() {
          var writer = StageWriter(
            builder: builder, stage: stage, choice: choice, tiles: grid.tiles)
          writer.ahead = readAhead(by: number, choice)
          writer.write(over: stage.innerLoops.map { LoopRange($0) }, at: place)
        }
      }
    }
    let kernel = builder.finish(tiles: grid.tiles)
    let text = ([grid.description] + choices.map(\.description)).joined(separator: "; ")
    return ScheduledKernel(
      kernel: kernel, description: text, hasUniformTiles: grid.isUniform)
  }
}

// Rows that one stage after the other goes over come from memory in the first alone: another brings
// those of the next index near meanwhile.
extension ComputeSchedule {
  /// What a stage reads again of the rows that the first one reads from memory, where no stage
  /// before it does.
  private func readAhead(
    by number: Int, _ choice: VectorChoice
  ) -> (loads: [ScalarID], axis: Int)? {
    guard number > 0, analysis.stages[number].compute.reduction == nil, case .parallel = choice,
      let axis = analysis.sharedLoops.last?.axes.last
    else { return nil }
    let first = rows(of: 0, axis)
    let before = (1..<number).reduce(into: Set<Memory>()) { found, stage in
      if analysis.stages[stage].compute.reduction == nil {
        found.formUnion(rows(of: stage, axis).keys)
      }
    }
    let again = rows(of: number, axis).filter { first[$0.key] != nil && !before.contains($0.key) }
    let loads = again.values.sorted()
    return loads.isEmpty ? nil : (loads, axis)
  }

  /// By large input, a load of a stage that goes along its rows, which follow each other.
  private func rows(of number: Int, _ axis: Int) -> [Memory: ScalarID] {
    let stage = analysis.stages[number]
    let program = stage.compute.reduction?.program ?? stage.compute.program
    var found: [Memory: ScalarID] = [:]
    for (place, instruction) in program.instructions.enumerated() {
      guard case .load(let operand, let indices, let guards, _) = instruction, guards.isEmpty,
        case .buffer(let input) = stage.operands[operand].memory,
        input < analysis.group.inputs.count
      else { continue }
      let type = analysis.group.inputs[input]
      let offset = stage.operands[operand].offset(indices).simplified(stage.size)
      guard offset.scalars.isEmpty, type.knownBytes > target.level2Bytes,
        let row = offset.coefficient(ofAxis: axis).constant,
        row * type.element.byteWidth >= ComputeSchedule.leastRow,
        row * type.element.byteWidth <= target.level1Bytes
      else { continue }
      found[.buffer(input)] = found[.buffer(input)] ?? ScalarID(place)
    }
    return found
  }

  /// Bytes of a row that is worth bringing near.
  private static let leastRow = 1024
}

/// Where each axis of a compute stands: an expression over loop variables. Axes without one are 0.
typealias AxisPlaces = [Int: IndexExpression]

/// Serial loops over `ranges`, outermost first, around `body`.
func loops(
  _ ranges: ArraySlice<LoopRange>, at place: AxisPlaces, in builder: KernelBuilder,
  _ body: (AxisPlaces) -> Void
) {
  guard let range = ranges.first else { return body(place) }
  builder.loop(from: range.lower, to: range.upper) { variable in
    var place = place
    place[range.loop.axes.last!] = variable
    builder.bound(variable, below: range.loop.extent)
    loops(ranges.dropFirst(), at: place, in: builder, body)
  }
}

extension VectorChoice: CustomStringConvertible {
  var description: String {
    switch self {
    case .scalar: "scalar"
    case .parallel(let lanes): "\(lanes) lanes along results"
    case .reduction(let lanes): "\(lanes) lanes along the reduction"
    }
  }
}
