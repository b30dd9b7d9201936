import TenonTensor

@testable import TenonRuntime

/// Makes plans for tests: buffers one after the other in the arena, kernels of `TestKernels` by
/// name.
struct PlanSketch {
  var plan: Plan

  init(_ name: String = "test", symbols: [Symbol] = []) {
    plan = Plan(
      name: name, runningSymbols: symbols, objects: [.file(TestKernels.path)],
      kernels: TestKernels.names.map { KernelReference(object: 0, symbol: $0) })
  }

  mutating func input(_ name: String, _ type: ElementType = .f32, _ shape: Shape) -> BufferID {
    plan.inputs.append(PlanPort(name: name, elementType: type, shape: shape))
    return add(name, .input(plan.inputs.count - 1), type, shape)
  }

  mutating func output(_ name: String, _ type: ElementType = .f32, _ shape: Shape) -> BufferID {
    plan.outputs.append(PlanPort(name: name, elementType: type, shape: shape))
    return add(name, .output(plan.outputs.count - 1), type, shape)
  }

  mutating func variable(_ name: String, _ type: ElementType = .f32, _ shape: Shape) -> BufferID {
    plan.variables.append(PlanPort(name: name, elementType: type, shape: shape))
    return add(name, .variable(plan.variables.count - 1), type, shape)
  }

  mutating func constant(_ name: String, _ tensor: Tensor) -> BufferID {
    plan.constants.append(PlanConstant(name: name, tensor: tensor))
    return add(
      name, .constant(plan.constants.count - 1), tensor.elementType, Shape(tensor.shape))
  }

  mutating func arena(_ name: String, _ type: ElementType = .f32, _ shape: Shape) -> BufferID {
    let id = add(name, .arena(plan.arenaBytes), type, shape)
    plan.arenaBytes += (plan.buffers[id.index].byteCount + 63) / 64 * 64
    return id
  }

  mutating func prepared(_ name: String, _ type: ElementType = .f32, _ shape: Shape) -> BufferID {
    let id = add(name, .prepared(plan.preparedBytes), type, shape)
    plan.preparedBytes += (plan.buffers[id.index].byteCount + 63) / 64 * 64
    return id
  }

  private mutating func add(
    _ name: String, _ place: PlanBuffer.Place, _ type: ElementType, _ shape: Shape
  ) -> BufferID {
    plan.buffers.append(
      PlanBuffer(
        name: name, place: place, byteCount: shape.elementCount.upperBound! * type.byteWidth,
        elementType: type, shape: shape))
    return BufferID(plan.buffers.count - 1)
  }

  /// A step that calls the kernel `name`.
  static func kernel(
    _ name: String, _ buffers: [BufferID], sizes: [Dimension] = [], tiles: Dimension = 1,
    barrier: Bool = true, origins: String = "", label: String? = nil
  ) -> Step {
    Step(
      .kernel(
        TestKernels.names.firstIndex(of: name)!, buffers: buffers, sizes: sizes, tiles: tiles),
      label: label ?? name, origins: origins, barrierBefore: barrier)
  }

  /// A step over `count` elements in tiles of `tile`.
  static func elementwise(
    _ name: String, _ buffers: [BufferID], _ count: Dimension, tile: Int = 64,
    barrier: Bool = true
  ) -> Step {
    kernel(
      name, buffers, sizes: [count, Dimension(tile)],
      tiles: count.ceilingDivided(by: Dimension(tile)), barrier: barrier)
  }

  func session(
    threads: Int = 2, hostFunctions: [String: HostFunction] = [:],
    store: VariableStore = VariableStore(), maximumMemory: Int? = nil
  ) throws -> Session {
    try Session(
      try LoadedPlan(plan, hostFunctions: hostFunctions), store: store, threads: threads,
      maximumMemory: maximumMemory)
  }
}

/// Numbers whose f32 sums depend on the order of adding.
func unevenNumbers(_ count: Int) -> [Float] {
  (0..<count).map { Float(($0 * 7919 + 13) % 1000) / 7 + Float($0 % 3) * 1e5 }
}
