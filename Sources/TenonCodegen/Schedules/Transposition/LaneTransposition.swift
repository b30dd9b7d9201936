import TenonGraph
import TenonTensor

/// Loads whose elements lie side by side along another axis than the lanes do: a square of them is
/// read in vectors along that axis and turned in registers.
struct LaneTransposition {
  let stage: StageAnalysis
  let program: ScalarProgram
  /// The loads, in the program's order.
  let loads: [ScalarID]
  /// The axis along which the lanes lie, and the one along which memory does.
  let laneAxis: Int
  let memoryAxis: Int
  /// Lanes, and indices of the memory's axis that are read at once.
  let lanes: Int

  /// The most vectors that are turned at once.
  static let mostLanes = 16

  /// Nil where no load of `program` is of this kind.
  init?(
    _ stage: StageAnalysis, _ program: ScalarProgram, wanted: [ScalarID], laneAxis: Int,
    memoryAxis: Int, lanes: Int
  ) {
    guard lanes > 1, lanes <= Self.mostLanes, laneAxis != memoryAxis else { return nil }
    let needed = program.needed(for: wanted)
    let loads = program.instructions.indices.filter { place in
      guard needed[place],
        case .load(let operand, let index, let guards, _) = program.instructions[place],
        guards.isEmpty, program.types[place] != .bool
      else { return false }
      let offset = stage.operands[operand].offset(index)
      return offset.isAffine && offset.coefficient(ofAxis: memoryAxis) == 1
        && offset.axes.contains(laneAxis) && offset.coefficient(ofAxis: laneAxis) != 1
    }.map { ScalarID($0) }
    if loads.isEmpty { return nil }
    self.stage = stage
    self.program = program
    self.loads = loads
    self.laneAxis = laneAxis
    self.memoryAxis = memoryAxis
    self.lanes = lanes
  }

  /// The loaded values at `lanes` indices of the memory's axis from the place on: for each index,
  /// one vector for each load.
  func write(at place: AxisPlaces, _ writer: StageWriter) -> [[ScalarID: ValueIndex]] {
    let builder = writer.builder
    var values = [[ScalarID: ValueIndex]](repeating: [:], count: lanes)
    for load in loads {
      let type = LaneType(program.type(load), lanes: lanes)
      var vectors = (0..<lanes).map { lane -> ValueIndex in
        var place = place
        place[laneAxis] = (place[laneAxis] ?? IndexExpression(0)) + Dimension(lane)
        let address = writer.lowering(program, at: place, StageWriter.Lanes()).address(of: load)
        return builder.define(.load(address, count: nil, mask: nil, fill: nil), type)
      }
      // Shuffling the first half with the second as often as halves can be halved turns the square.
      var rounds = 1
      while rounds < lanes {
        vectors = (0..<lanes).map { number in
          builder.define(
            .interleave(
              vectors[number / 2], vectors[number / 2 + lanes / 2], upper: number % 2 == 1), type)
        }
        rounds *= 2
      }
      for index in 0..<lanes { values[index][load] = vectors[index] }
    }
    return values
  }
}
