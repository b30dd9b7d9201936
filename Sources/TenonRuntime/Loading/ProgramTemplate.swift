import CTenonKernels
import TenonTensor

/// A tree of steps as a flat program, before it has memory: what every instance of a plan copies.
struct ProgramTemplate: Sendable {
  /// An instruction with the numbers of the C structure; kernels are called by index.
  struct Instruction: Sendable {
    var op: Int
    var step: Int
    var barrier = true
    var operand = 0
    var target = 0
    var width = 0
    var limit = 0
    var kernel = Kernel.none
    var buffers = 0
    var arguments = 0
    var tiles = 0
    var flops = 0
    var bytes = 0
  }

  enum Kernel: Sendable {
    case none
    case copy
    /// The index into `Plan.kernels`.
    case object(Int)
  }

  private(set) var instructions: [Instruction] = []
  /// The buffers that instructions point to, in runs; never empty.
  private(set) var pointers: [BufferID?] = [nil]
  /// Values of the sizes that are known; never empty.
  private(set) var sizes: [Int64] = [0]
  /// Pairs: index into `sizes`, index of the expression.
  private(set) var dynamicSizes: [Int64] = []
  private(set) var expressions: SizeExpressions
  private(set) var counterCount = 0
  /// Every step of the tree, outer ones before those inside them.
  private(set) var steps: [Step] = []
  /// The size of each entry of `sizes`, for messages.
  private(set) var sizeTexts: [Dimension] = [0]

  private let plan: Plan

  init(_ steps: [Step], of plan: Plan) {
    self.plan = plan
    expressions = SizeExpressions(symbols: plan.runningSymbols)
    append(steps)
    emit(tenon_op_end, step: 0)
  }

  private mutating func append(_ steps: [Step]) {
    for step in steps { append(step) }
  }

  private mutating func append(_ step: Step) {
    let index = steps.count
    steps.append(step)
    switch step.kind {
    case .kernel(let kernel, let buffers, let sizes, let tiles):
      emit(
        .object(kernel), step, index, buffers: buffers, sizes: sizes, tiles: tiles,
        cost: step.cost)
    case .copy(let from, let to):
      let source = plan.buffers[from.index]
      let bytes = source.shape.elementCount * Dimension(source.elementType.byteWidth)
      emit(
        .copy, step, index, buffers: [from, to], sizes: [bytes],
        tiles: bytes.ceilingDivided(by: 65536), cost: Step.Cost(bytes: bytes * 2))
    case .readSize(let symbol, let from):
      let place = plan.runningSymbols.firstIndex(of: symbol)!
      let at = emit(tenon_op_read_size, step: index, reading: from)
      instructions[at].operand = place
      instructions[at].limit = symbol.maximum!
    case .loop(let condition, let predicate, let body, let maximumTrips):
      let counter = counterCount
      counterCount += 1
      instructions[emit(tenon_op_begin_loop, step: index)].operand = counter
      let start = instructions.count
      append(condition)
      let exit = emit(tenon_op_jump_if_zero, step: index, reading: predicate)
      let count = emit(tenon_op_count_trip, step: index)
      instructions[count].operand = counter
      instructions[count].limit = maximumTrips ?? -1
      append(body)
      instructions[emit(tenon_op_jump, step: index)].target = start
      instructions[exit].target = instructions.count
    case .branch(let selector, let branches):
      var exits: [Int] = []
      for (number, branch) in branches.enumerated() {
        var other: Int?
        if number < branches.count - 1 {
          let test = emit(tenon_op_jump_unless_equal, step: index, reading: selector)
          instructions[test].limit = number
          other = test
        }
        append(branch)
        if let other {
          exits.append(emit(tenon_op_jump, step: index))
          instructions[other].target = instructions.count
        }
      }
      for exit in exits { instructions[exit].target = instructions.count }
    case .host(let function, let buffers):
      let at = emit(tenon_op_host, step: index)
      instructions[at].operand = function
      instructions[at].buffers = place(buffers)
    }
  }

  private mutating func emit(
    _ kernel: Kernel, _ step: Step, _ index: Int, buffers: [BufferID], sizes: [Dimension],
    tiles: Dimension, cost: Step.Cost
  ) {
    let at = emit(tenon_op_kernel, step: index)
    instructions[at].kernel = kernel
    instructions[at].barrier = step.barrierBefore
    instructions[at].buffers = place(buffers)
    instructions[at].arguments = self.sizes.count
    for size in sizes { place(size) }
    instructions[at].tiles = place(tiles)
    instructions[at].flops = place(cost.flops)
    instructions[at].bytes = place(cost.bytes)
  }

  /// Appends an instruction without operands, or with one that holds an integer.
  @discardableResult
  private mutating func emit<Code: BinaryInteger>(
    _ op: Code, step: Int, reading buffer: BufferID? = nil
  ) -> Int {
    var instruction = Instruction(op: Int(op), step: step)
    if let buffer {
      let type = plan.buffers[buffer.index].elementType
      instruction.width = type.isSignedInteger ? -type.byteWidth : type.byteWidth
      instruction.buffers = place([buffer])
    }
    instructions.append(instruction)
    return instructions.count - 1
  }

  private mutating func place(_ buffers: [BufferID]) -> Int {
    let first = pointers.count
    pointers += buffers
    return buffers.isEmpty ? 0 : first
  }

  @discardableResult
  private mutating func place(_ size: Dimension) -> Int {
    if let constant = size.constant {
      sizes.append(Int64(constant))
    } else {
      dynamicSizes += [Int64(sizes.count), Int64(expressions.index(of: size))]
      sizes.append(Int64.min)
    }
    sizeTexts.append(size)
    return sizes.count - 1
  }
}
