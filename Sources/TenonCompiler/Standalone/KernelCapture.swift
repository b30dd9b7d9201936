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
    return try sites.compactMap { site -> KernelCall? in
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

  /// A step that runs a kernel.
  private struct Site {
    let kernel: Int
    let buffers: [BufferID]
    let sizes: [Dimension]
    let tiles: Dimension
  }

  /// Of all kernel steps, inner ones included.
  private var sites: [Site] {
    func collect(_ steps: [Step]) -> [Site] {
      steps.flatMap { step -> [Site] in
        switch step.kind {
        case .kernel(let kernel, let buffers, let sizes, let tiles):
          [Site(kernel: kernel, buffers: buffers, sizes: sizes, tiles: tiles)]
        case .loop(let condition, _, let body, _): collect(condition + body)
        case .branch(_, let branches): branches.flatMap(collect)
        case .copy, .readSize, .host: []
        }
      }
    }
    return collect(plan.prepare + plan.steps)
  }

  /// The memory of each of a step's buffers, and to which buffer of the step each memory belongs
  /// first: those that begin at one place share it.
  private func sharing(_ buffers: [BufferID]) -> (memory: [Int], owners: [Int]) {
    var places: [Place] = []
    var owners: [Int] = []
    let memory = buffers.enumerated().map { position, buffer -> Int in
      let place = place(of: buffer)
      if let known = places.firstIndex(of: place) { return known }
      places.append(place)
      owners.append(position)
      return places.count - 1
    }
    return (memory, owners)
  }

  private struct Place: Equatable {
    var base: PlanBuffer.Place
    var offset: Int
  }

  private func place(of buffer: BufferID) -> Place {
    var (at, offset) = (buffer, 0)
    while case .alias(let other, let byteOffset) = plan.buffers[at.index].place {
      (at, offset) = (other, offset + byteOffset)
    }
    switch plan.buffers[at.index].place {
    case .arena(let start): return Place(base: .arena(0), offset: start + offset)
    case .prepared(let start): return Place(base: .prepared(0), offset: start + offset)
    case let base: return Place(base: base, offset: offset)
    }
  }

  /// A call on a pattern, at the largest running sizes.
  private func patterned(_ site: Site) -> KernelCall {
    let (buffers, owners) = sharing(site.buffers)
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
    var watched = plan
    let sizeBuffers = addSizeBuffers(to: &watched)
    let kept = Kept()
    var functions: [String: HostFunction] = [:]
    func watch(_ steps: [Step]) -> [Step] {
      steps.flatMap { step -> [Step] in
        switch step.kind {
        case .kernel(let kernel, let buffers, let sizes, let tiles):
          let site = Site(kernel: kernel, buffers: buffers, sizes: sizes, tiles: tiles)
          let number = watched.hostFunctions.count
          let needed = symbols(of: site)
          watched.hostFunctions += ["capture \(number)", "capture \(number + 1)"]
          let (before, after) = recorders(site, needed, kept)
          functions["capture \(number)"] = before
          functions["capture \(number + 1)"] = after
          let shown = buffers + needed.map { sizeBuffers[plan.runningSymbols.firstIndex(of: $0)!] }
          return [
            Step(.host(number, buffers: shown), label: "capture"), step,
            Step(.host(number + 1, buffers: buffers), label: "capture"),
          ]
        case .loop(let condition, let predicate, let body, let trips):
          var loop = step
          loop.kind = .loop(
            condition: watch(condition), predicate: predicate, body: watch(body),
            maximumTrips: trips)
          return [loop]
        case .branch(let selector, let branches):
          var branch = step
          branch.kind = .branch(selector: selector, branches: branches.map(watch))
          return [branch]
        case .copy, .readSize, .host: return [step]
        }
      }
    }
    watched.prepare = watch(plan.prepare)
    watched.steps = watch(plan.steps)
    let session = try Session(
      LoadedPlan(watched, hostFunctions: functions), store: VariableStore(), threads: 1)
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

  private func symbols(of site: Site) -> [Symbol] {
    plan.runningSymbols.filter { symbol in
      (site.sizes + [site.tiles]).contains { $0.symbols.contains(symbol) }
    }
  }

  /// A buffer for each running symbol whose only use is that a host step sees its size.
  private func addSizeBuffers(to plan: inout Plan) -> [BufferID] {
    guard !plan.buffers.isEmpty else { return [] }
    return plan.runningSymbols.map { symbol in
      plan.buffers.append(
        PlanBuffer(
          name: "size \(symbol)", place: .alias(of: BufferID(0), byteOffset: 0), byteCount: 0,
          elementType: .u8, shape: [Dimension(symbol)]))
      return BufferID(plan.buffers.count - 1)
    }
  }

  /// What is done before and after a kernel step.
  private func recorders(_ site: Site, _ symbols: [Symbol], _ kept: Kept) -> (
    HostFunction, HostFunction
  ) {
    let (buffers, owners) = sharing(site.buffers)
    let outputs = Set(
      buffers.indices.filter { isOutput(site.kernel, $0) }.map { buffers[$0] })
    let before: HostFunction = { operands in
      try kept.calls.withLock { calls in
        guard calls[site.kernel] == nil else { return }
        var values: [Symbol: Int] = [:]
        for (symbol, operand) in zip(symbols, operands.dropFirst(buffers.count)) {
          values[symbol] = operand.shape[0]
        }
        let memory = owners.enumerated().map { number, owner -> KernelCall.Memory in
          let bytes = buffers.indices.filter { buffers[$0] == number }
            .map { operands[$0].bytes }.max { $0.count < $1.count }!
          return KernelCall.Memory(
            elementType: operands[owner].elementType, byteCount: bytes.count,
            before: bytes.count <= KernelCapture.byteLimit ? Array(bytes) : nil)
        }
        let total = memory.reduce(0) { $0 + $1.byteCount }
        guard total <= KernelCapture.byteLimit,
          let tiles = site.tiles.evaluated({ values[$0] })
        else { return }
        calls[site.kernel] = KernelCall(
          kernel: site.kernel, sizes: site.sizes.map { $0.evaluated { values[$0] } ?? 0 },
          tiles: tiles, memory: memory, buffers: buffers, isCaptured: true)
      }
    }
    let after: HostFunction = { operands in
      kept.calls.withLock { calls in
        // Another step of the kernel may share its memory in another way.
        guard var call = calls[site.kernel], call.buffers == buffers else { return }
        for number in outputs.sorted() where call.memory[number].after == nil {
          let bytes = buffers.indices.filter { buffers[$0] == number }
            .map { operands[$0].bytes }.max { $0.count < $1.count }!
          call.memory[number].after = Array(bytes)
        }
        calls[site.kernel] = call
      }
    }
    return (before, after)
  }
}
