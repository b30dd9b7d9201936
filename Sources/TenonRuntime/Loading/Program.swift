import CTenonKernels
import TenonTensor

/// The tables of a C program, with memory of their own; filled from a template.
final class Program {
  let template: ProgramTemplate
  let state: UnsafeMutablePointer<tenon_program>
  private let code: UnsafeMutablePointer<tenon_instruction>
  private let pointers: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let numbers: UnsafeMutablePointer<Int64>

  /// The pointers that change from run to run: (index into `pointers`, base, offset).
  private(set) var moving: [(slot: Int, place: ResolvedPlace)] = []

  /// - Parameter fixed: the address of a base that stays, nil for one that runs set.
  init(
    _ template: ProgramTemplate, of plan: Plan, kernels: [tenon_kernel], symbolCount: Int,
    fixed: (ResolvedPlace.Base) -> UnsafeMutableRawPointer?
  ) {
    self.template = template
    state = .allocate(capacity: 1)
    state.initialize(to: tenon_program())
    code = .allocate(capacity: template.instructions.count)
    for (index, instruction) in template.instructions.enumerated() {
      (code + index).initialize(to: tenon_instruction(instruction, kernels: kernels))
    }
    pointers = .allocate(capacity: template.pointers.count)
    pointers.initialize(repeating: nil, count: template.pointers.count)
    for (slot, buffer) in template.pointers.enumerated() {
      guard let buffer else { continue }
      let place = plan.resolvedPlace(of: buffer)
      if let base = fixed(place.base) {
        pointers[slot] = base + place.offset
      } else {
        moving.append((slot, place))
      }
    }

    let expressions = template.expressions
    let tables = [
      template.sizes, template.dynamicSizes, expressions.code,
      [Int64](repeating: 0, count: expressions.count),
      [Int64](repeating: 0, count: expressions.stackDepth),
      [Int64](repeating: Int64.min, count: symbolCount),
      [Int64](repeating: 0, count: template.counterCount),
    ]
    numbers = .allocate(capacity: max(1, tables.reduce(0) { $0 + $1.count }))
    var starts: [UnsafeMutablePointer<Int64>] = []
    var next = numbers
    for table in tables {
      starts.append(next)
      next.initialize(from: table, count: table.count)
      next += table.count
    }
    state.pointee.code = UnsafePointer(code)
    state.pointee.pointers = pointers
    state.pointee.sizes = starts[0]
    state.pointee.dynamicSizes = UnsafePointer(starts[1])
    state.pointee.dynamicSizeCount = Int64(template.dynamicSizes.count / 2)
    state.pointee.expressions = UnsafePointer(starts[2])
    state.pointee.expressionValues = starts[3]
    state.pointee.expressionCount = Int64(expressions.count)
    state.pointee.expressionStack = starts[4]
    state.pointee.symbols = starts[5]
    state.pointee.counters = starts[6]
    state.pointee.stepCount = Int64(template.steps.count)
  }

  deinit {
    state.deallocate()
    code.deallocate()
    pointers.deallocate()
    numbers.deallocate()
  }

  /// Points the instructions at `base`'s present address.
  func move(_ address: (ResolvedPlace.Base) -> UnsafeMutableRawPointer) {
    for (slot, place) in moving { pointers[slot] = address(place.base) + place.offset }
  }

  /// The step under way where the run failed.
  var failedStep: Step { template.steps[failedInstruction.step] }

  var failedInstruction: ProgramTemplate.Instruction {
    template.instructions[Int(state.pointee.failedAt)]
  }
}

extension tenon_instruction {
  fileprivate init(_ instruction: ProgramTemplate.Instruction, kernels: [tenon_kernel]) {
    self.init()
    op = Int32(instruction.op)
    barrier = instruction.barrier ? 1 : 0
    step = Int32(instruction.step)
    operand = Int32(instruction.operand)
    target = Int32(instruction.target)
    width = Int32(instruction.width)
    limit = Int64(instruction.limit)
    switch instruction.kernel {
    case .none: kernel = nil
    case .copy: kernel = tenon_copy_kernel
    case .object(let index): kernel = kernels[index]
    }
    buffers = Int64(instruction.buffers)
    arguments = Int64(instruction.arguments)
    tiles = Int64(instruction.tiles)
    flops = Int64(instruction.flops)
    bytes = Int64(instruction.bytes)
  }
}
