import TenonGraph
import TenonTensor

/// Writes the bytecode of one group.
///
/// The words are, in order: 0 for this form; the number of stages; 1 where tiles are rows; how many
/// axes are rows; elements, or rows, of a tile; the most registers, reduction values, axes, kept
/// expressions and operands of a stage; the place of the matrix product or 0; the places of the
/// stages. `CTenonKernels/portable.c` reads them.
struct PortableWriter {
  private let group: KernelGroup
  private let stages: [KernelGroup.Stage]
  private let isByRow: Bool
  private let rowAxes: Int
  private var words: [Int64] = []
  private var sizes: [Dimension] = []
  private var sizeNumbers: [Dimension: Int64] = [:]
  private var most = (registers: 1, values: 0, axes: 1, kept: 1, operands: 1)
  /// By stage and result, bytes from the start of the temporaries.
  private var temporaryOffsets: [[Int]] = []
  private var temporaryBytes = 0
  private(set) var kernel: PortableKernel!

  init(_ group: KernelGroup) {
    self.group = group
    guard case .stages(let stages) = group.body else {
      preconditionFailure("internal: only stages have bytecode")
    }
    self.stages = stages
    isByRow = stages.count > 1
    rowAxes = isByRow ? group.sharedAxes : 0
    write()
  }

  private mutating func write() {
    layOutTemporaries()
    let product = isByRow ? nil : MatrixProduct(stages[0], operandShapes(stages[0]).map(\.shape))
    words = [Int64](repeating: 0, count: 11 + stages.count)
    for (number, stage) in stages.enumerated() { writeStage(number, stage, product) }
    var unit = elementsPerTile
    let tiles: Dimension
    var schedule: String
    if let product {
      let rows = product.rowsPerTile
      temporaryBytes = rows * product.columnBound * product.element.byteWidth
      words[10] = Int64(words.count)
      writeProduct(product, rows)
      tiles = product.batches * product.rows.ceilingDivided(by: Dimension(rows))
      schedule = "matrix product, \(rows) rows a tile"
    } else if isByRow {
      unit = rowsPerTile
      tiles = Shape(Array(stages[0].compute.axes.prefix(rowAxes))).elementCount
        .ceilingDivided(by: Dimension(unit))
      schedule = "\(stages.count) stages, \(unit) rows a tile"
    } else {
      tiles = Shape(stages[0].compute.axes).elementCount.ceilingDivided(by: Dimension(unit))
      schedule = "\(unit) elements a tile"
    }
    words.replaceSubrange(
      0..<10,
      with: [
        0, Int64(stages.count), isByRow ? 1 : 0, Int64(rowAxes), Int64(unit),
        Int64(most.registers), Int64(most.values), Int64(most.axes), Int64(most.kept),
        Int64(most.operands),
      ])
    let lanes = 8 * PortableCompiler.lanes
    func rounded(_ bytes: Int) -> Int { (bytes + 63) & ~63 }
    let scratch =
      (most.registers + 3 * most.values + most.axes) * lanes + most.kept * (lanes + 8)
      + rounded(most.axes * 24) + 2 * rounded(most.operands * 8) + temporaryBytes
    kernel = PortableKernel(
      program: Tensor(words), sizes: sizes, tiles: tiles, scratchBytes: rounded(scratch) + 64,
      schedule: schedule)
  }

  private mutating func layOutTemporaries() {
    for stage in stages {
      temporaryOffsets.append(
        zip(stage.compute.results, stage.results).map { result, destination in
          guard destination == .temporary else { return -1 }
          defer {
            let count = Shape(Array(stage.compute.axes.dropFirst(rowAxes))).elementCount
            let bytes = (count.upperBound ?? 0) * stage.compute.program.type(result).byteWidth
            temporaryBytes += (bytes + 63) & ~63
          }
          return temporaryBytes
        })
    }
  }

  // MARK: Tiles

  private func work(_ axes: [Dimension]) -> Int {
    max(1, min(Shape(axes).elementCount.upperBound ?? 1, 1 << 40))
  }

  /// Elements of the only stage: enough work for a tile, few where lanes go along a reduction.
  private var elementsPerTile: Int {
    guard let reduction = stages[0].compute.reduction else { return 2048 }
    if reduction.isAlongRows(of: stages[0], group), work(reduction.axes) >= 16 { return 8 }
    let elements = 65536 / work(reduction.axes)
    return elements >= 128 ? min(elements / 128 * 128, 2048) : 32
  }

  private var rowsPerTile: Int {
    let work = stages.reduce(0) { total, stage in
      total + self.work(Array(stage.compute.axes.dropFirst(rowAxes)))
        * self.work(stage.compute.reduction?.axes ?? [])
    }
    return max(1, 4096 / work)
  }

  // MARK: Stages

  mutating func size(_ dimension: Dimension) -> Int64 {
    if let known = sizeNumbers[dimension] { return known }
    sizeNumbers[dimension] = Int64(sizes.count)
    sizes.append(dimension)
    return Int64(sizes.count - 1)
  }

  private mutating func writeStage(
    _ number: Int, _ stage: KernelGroup.Stage, _ product: MatrixProduct?
  ) {
    let compute = stage.compute
    let reduction = product == nil ? compute.reduction : nil
    var writer = PortableStageWriter(
      shapes: operandShapes(stage), constants: PortableConstants())
    let combiner = combinerProgram(reduction)
    writer.constants.add(compute.program, for: compute.results)
    if let reduction {
      writer.constants.add(reduction.program, for: reduction.values + reduction.initial)
    }
    if let combiner { writer.constants.add(combiner.program, for: combiner.results) }
    let constants = writer.writeConstants(into: &self)
    let main = writer.write(compute.program, for: compute.results, into: &self)
    var place: Int64 = 0
    if let reduction {
      let initial = writer.write(reduction.program, for: reduction.initial, into: &self)
      let body = writer.write(reduction.program, for: reduction.values, into: &self)
      let combined = combiner.map { writer.write($0.program, for: $0.results, into: &self) }
      place = Int64(words.count)
      words += [
        Int64(reduction.values.count), reduction.combiner.portable, initial.place, body.place,
        combined?.place ?? 0,
      ]
      for position in reduction.values.indices {
        words += [
          reduction.program.type(reduction.values[position]).portable, body.registers[position],
          initial.registers[position], combined?.registers[position] ?? 0,
        ]
      }
    }
    words[11 + number] = Int64(words.count)
    let axes = compute.axes + (compute.reduction?.axes ?? [])
    words += [Int64(compute.axes.count), Int64(axes.count - compute.axes.count)]
    words += axes.map { size($0) }
    words.append(Int64(stage.operands.count))
    for operand in stage.operands { words += memory(of: operand) }
    words.append(Int64(stage.results.count))
    for (position, destination) in stage.results.enumerated() {
      let type = compute.program.type(compute.results[position]).portable
      words += [main.registers[position], type]
      if case .output(let output) = destination {
        words += [0, Int64(1 + group.inputs.count + output)]
      } else {
        words += [1, Int64(temporaryOffsets[number][position])]
      }
    }
    words += [constants, main.place, place]
    most.registers = max(most.registers, writer.registerCount)
    most.values = max(most.values, compute.reduction?.values.count ?? 0)
    most.axes = max(most.axes, axes.count)
    most.kept = max(most.kept, writer.keptCount)
    most.operands = max(most.operands, stage.operands.count)
  }

  private func combinerProgram(_ reduction: Compute.Reduction?) -> (
    program: ScalarProgram, results: [ScalarID]
  )? {
    if case .program(let program, let results)? = reduction?.combiner { return (program, results) }
    return nil
  }

  /// The sizes in which each operand is addressed, and how many leading indices to leave out.
  private func operandShapes(_ stage: KernelGroup.Stage) -> [(shape: [Dimension], dropped: Int)] {
    stage.operands.map { operand in
      switch operand {
      case .input(let input): return (group.inputs[input].shape.dimensions, 0)
      case .stage(let earlier, let result):
        let shape = stages[earlier].compute.axes
        if case .temporary = stages[earlier].results[result] {
          return (Array(shape.dropFirst(rowAxes)), rowAxes)
        }
        return (shape, 0)
      }
    }
  }

  private func memory(of operand: KernelGroup.Operand) -> [Int64] {
    switch operand {
    case .input(let input):
      return [0, Int64(1 + input), group.inputs[input].element.portable]
    case .stage(let stage, let result):
      let compute = stages[stage].compute
      let type = compute.program.type(compute.results[result]).portable
      if case .output(let output) = stages[stage].results[result] {
        return [0, Int64(1 + group.inputs.count + output), type]
      }
      return [1, Int64(temporaryOffsets[stage][result]), type]
    }
  }

  private mutating func writeProduct(_ product: MatrixProduct, _ rows: Int) {
    let (m, n, k) = (size(product.rows), size(product.columns), size(product.depth))
    let (a, b) = (product.a, product.b)
    let strides = [size(a.row), size(a.depth), size(b.depth), size(b.column)]
    let batches = product.batchAxes.map { axis in
      [size(axis.size), size(axis.a), size(axis.b)]
    }
    words += [product.element.portable, Int64(rows), m, n, k]
    words += [Int64(a.operand), strides[0], strides[1], Int64(b.operand), strides[2], strides[3]]
    words.append(Int64(batches.count))
    words += batches.joined()
  }

  /// The place of words at the end of those written.
  mutating func append(_ more: [Int64]) -> Int64 {
    words += more
    return Int64(words.count - more.count)
  }
}

extension Combiner {
  fileprivate var portable: Int64 {
    switch self {
    case .sum: 0
    case .product: 1
    case .maximum: 2
    case .minimum: 3
    case .and: 4
    case .or: 5
    case .program: 6
    }
  }
}

extension Compute.Reduction {
  /// Whether neighbours along the last reduction axis are neighbours in memory.
  fileprivate func isAlongRows(of stage: KernelGroup.Stage, _ group: KernelGroup) -> Bool {
    if case .program = combiner { return false }
    let last = stage.compute.axes.count + axes.count - 1
    return program.instructions.allSatisfy { instruction in
      guard case .load(let operand, let index, _, _) = instruction,
        case .input(let input) = stage.operands[operand]
      else { return true }
      let offset = IndexExpression.offset(index, in: group.inputs[input].shape.dimensions)
      let stride = offset.coefficient(ofAxis: last)
      return stride == 1 || !offset.axes.contains(last)
    }
  }
}
