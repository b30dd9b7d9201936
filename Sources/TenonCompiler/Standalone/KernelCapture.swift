import Synchronization
import TenonRuntime
import TenonTensor

/// Calls of every kernel of a plan, from one run of it.
struct KernelCapture {
  let plan: Plan
  /// Which buffers of a kernel it writes.
  let isOutput: (_ kernel: Int, _ buffer: Int) -> Bool
  /// Calls with more memory than that are not kept; they are made anew on a pattern.
  static let byteLimit = 1 << 20

  /// The first call of each distinct kernel in the order of the steps. A kernel that the run did
  /// not reach, or whose buffers are large, is called on a pattern.
  ///
  /// - Throws: what running throws.
  func calls(inputs: [String: Tensor]) throws -> [KernelCall] {
    let captured = try run(inputs)
    var seen: Set<String> = []
    return try plan.kernelSites.compactMap { site -> KernelCall? in
      let kernel = plan.kernels[site.kernel]
      guard seen.insert("\(kernel.object) \(kernel.symbol)").inserted else { return nil }
      var call = captured[site.kernel] ?? patterned(site)
      let after = try call.replayed(plan)
      let agrees = zip(call.memory, after).allSatisfy { $0.after == nil || $0.after! == $1 }
      for number in call.memory.indices {
        let isWritten = call.buffers.enumerated().contains {
          $1 == number && isOutput(site.kernel, $0)
        }
        if !call.isCaptured { call.memory[number].after = isWritten ? after[number] : nil }
        if agrees, call.isCaptured, !isRead(number, of: call) { call.memory[number].before = nil }
      }
      return call
    }
  }

  private func isRead(_ memory: Int, of call: KernelCall) -> Bool {
    call.buffers.enumerated().contains { $1 == memory && !isOutput(call.kernel, $0) }
  }

  /// A call on a pattern, at the largest running sizes.
  private func patterned(_ site: KernelSite) -> KernelCall {
    let (buffers, owners) = plan.sharing(site.buffers)
    let memory = owners.enumerated().map { number, owner -> KernelCall.Memory in
      let buffer = plan.buffers[site.buffers[owner].index]
      let bytes = buffers.indices.filter { buffers[$0] == number }
        .map { plan.buffers[site.buffers[$0].index].byteCount }.max()!
      let isRead = buffers.indices.contains { buffers[$0] == number && !isOutput(site.kernel, $0) }
      let pattern = FillPattern(buffer.elementType)
      return KernelCall.Memory(
        elementType: buffer.elementType, byteCount: bytes,
        before: isRead ? pattern.bytes(count: bytes / pattern.width, seed: number + 1) : nil)
    }
    func value(_ size: Dimension) -> Int { size.evaluated { $0.maximum } ?? 0 }
    return KernelCall(
      kernel: site.kernel, sizes: site.sizes.map(value), tiles: value(site.tiles), memory: memory,
      buffers: buffers, isCaptured: false)
  }

  // MARK: The run

  private final class Kept: Sendable {
    /// By kernel.
    let calls = Mutex<[Int: KernelCall]>([:])
  }

  /// Runs the plan with a host step before and after each kernel step, which copy its buffers.
  private func run(_ inputs: [String: Tensor]) throws -> [Int: KernelCall] {
    let kept = Kept()
    let watched = InterceptedPlan(plan) { site in
      let (before, after) = recorders(site, kept)
      return .around(before: before, after: after)
    }
    let session = try Session(
      LoadedPlan(watched.plan, hostFunctions: watched.hostFunctions), store: VariableStore(),
      threads: 1)
    let tensors = try plan.inputs.enumerated().map { number, port -> Tensor in
      if let given = inputs[port.name] { return given }
      let shape = port.shape.map { $0.evaluated { $0.maximum } ?? 0 }
      let pattern = FillPattern(port.elementType)
      return try Tensor(port.elementType, shape: shape) { bytes in
        bytes.copyBytes(from: pattern.bytes(count: bytes.count / pattern.width, seed: number + 1))
      }
    }
    _ = try session.run(tensors, options: RunOptions())
    return kept.calls.withLock { $0 }
  }

  /// What is done before and after a kernel step.
  private func recorders(_ site: KernelSite, _ kept: Kept) -> (
    InterceptedPlan.Handler, InterceptedPlan.Handler
  ) {
    let (buffers, owners) = plan.sharing(site.buffers)
    let outputs = Set(
      buffers.indices.filter { isOutput(site.kernel, $0) }.map { buffers[$0] })
    let before: InterceptedPlan.Handler = { moment in
      kept.calls.withLock { calls in
        guard calls[site.kernel] == nil else { return }
        let memory = owners.enumerated().map { number, owner -> KernelCall.Memory in
          let bytes = moment.bytes(ofMemory: number)
          return KernelCall.Memory(
            elementType: moment.operands[owner].elementType, byteCount: bytes.count,
            before: bytes.count <= KernelCapture.byteLimit ? Array(bytes) : nil)
        }
        let total = memory.reduce(0) { $0 + $1.byteCount }
        guard total <= KernelCapture.byteLimit else { return }
        calls[site.kernel] = KernelCall(
          kernel: site.kernel, sizes: moment.sizes, tiles: moment.tiles, memory: memory,
          buffers: buffers, isCaptured: true)
      }
    }
    let after: InterceptedPlan.Handler = { moment in
      kept.calls.withLock { calls in
        // Another step of the kernel may share its memory in another way.
        guard var call = calls[site.kernel], call.buffers == buffers else { return }
        for number in outputs.sorted() where call.memory[number].after == nil {
          call.memory[number].after = Array(moment.bytes(ofMemory: number))
        }
        calls[site.kernel] = call
      }
    }
    return (before, after)
  }
}
