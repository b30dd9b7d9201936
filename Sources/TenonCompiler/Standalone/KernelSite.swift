import TenonRuntime
import TenonTensor

/// A step of a plan that runs a kernel.
package struct KernelSite: Sendable {
  /// The index into `Plan.kernels`.
  package let kernel: Int
  let buffers: [BufferID]
  let sizes: [Dimension]
  let tiles: Dimension

  /// Nil for a step of another kind.
  init?(_ step: Step) {
    guard case .kernel(let kernel, let buffers, let sizes, let tiles) = step.kind else {
      return nil
    }
    (self.kernel, self.buffers, self.sizes, self.tiles) = (kernel, buffers, sizes, tiles)
  }
}

extension Plan {
  /// Of all kernel steps, those of the prepare steps and inner ones included.
  var kernelSites: [KernelSite] {
    func collect(_ steps: [Step]) -> [KernelSite] {
      steps.flatMap { step -> [KernelSite] in
        switch step.kind {
        case .kernel: [KernelSite(step)!]
        case .loop(let condition, _, let body, _): collect(condition + body)
        case .branch(_, let branches): branches.flatMap(collect)
        case .copy, .readSize, .host: []
        }
      }
    }
    return collect(prepare + steps)
  }

  /// The memory of each of a step's buffers, and to which buffer of the step each memory belongs
  /// first: those that begin at one place share it.
  func sharing(_ buffers: [BufferID]) -> (memory: [Int], owners: [Int]) {
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
    while case .alias(let other, let byteOffset) = buffers[at.index].place {
      (at, offset) = (other, offset + byteOffset)
    }
    switch buffers[at.index].place {
    case .arena(let start): return Place(base: .arena(0), offset: start + offset)
    case .prepared(let start): return Place(base: .prepared(0), offset: start + offset)
    case let base: return Place(base: base, offset: offset)
    }
  }
}

/// A kernel step while a plan runs.
package struct KernelMoment {
  /// The kernel's buffers, in its order.
  package let operands: [HostOperand]
  /// For each of them, the memory it is in: those that begin at one place share it.
  package let memory: [Int]
  /// The values of the size arguments.
  package let sizes: [Int]
  package let tiles: Int

  /// The bytes of a memory: as many as the largest of its buffers has.
  package func bytes(ofMemory number: Int) -> UnsafeMutableRawBufferPointer {
    memory.indices.filter { memory[$0] == number }
      .map { operands[$0].bytes }.max { $0.count < $1.count }!
  }
}

/// A plan whose kernel steps have host steps around them or in their place.
package struct InterceptedPlan {
  package typealias Handler = @Sendable (KernelMoment) throws -> Void

  package enum Interception {
    case around(before: Handler, after: Handler)
    case instead(Handler)
  }

  package private(set) var plan: Plan
  /// What the host steps call, those that the plan had before included.
  package private(set) var hostFunctions: [String: HostFunction]
  /// By running symbol, a buffer whose only use is that a host step sees its size.
  private var sizeBuffers: [BufferID] = []

  /// - Parameter interception: what becomes of each kernel step.
  package init(
    _ plan: Plan, hostFunctions: [String: HostFunction] = [:],
    _ interception: (KernelSite) -> Interception
  ) {
    (self.plan, self.hostFunctions) = (plan, hostFunctions)
    if !plan.buffers.isEmpty {
      for symbol in plan.runningSymbols {
        self.plan.buffers.append(
          PlanBuffer(
            name: "size \(symbol)", place: .alias(of: BufferID(0), byteOffset: 0), byteCount: 0,
            elementType: .u8, shape: [Dimension(symbol)]))
        sizeBuffers.append(BufferID(self.plan.buffers.count - 1))
      }
    }
    self.plan.prepare = intercepted(plan.prepare, interception)
    self.plan.steps = intercepted(plan.steps, interception)
  }

  private mutating func intercepted(
    _ steps: [Step], _ interception: (KernelSite) -> Interception
  ) -> [Step] {
    var result: [Step] = []
    for var step in steps {
      switch step.kind {
      case .kernel:
        let site = KernelSite(step)!
        switch interception(site) {
        case .around(let before, let after):
          result += [hostStep(site, before), step, hostStep(site, after)]
        case .instead(let handler): result.append(hostStep(site, handler))
        }
        continue
      case .loop(let condition, let predicate, let body, let trips):
        step.kind = .loop(
          condition: intercepted(condition, interception), predicate: predicate,
          body: intercepted(body, interception), maximumTrips: trips)
      case .branch(let selector, let branches):
        step.kind = .branch(
          selector: selector, branches: branches.map { intercepted($0, interception) })
      case .copy, .readSize, .host: break
      }
      result.append(step)
    }
    return result
  }

  private mutating func hostStep(_ site: KernelSite, _ handler: @escaping Handler) -> Step {
    let symbols = plan.runningSymbols
    let needed = symbols.indices.filter { number in
      (site.sizes + [site.tiles]).contains { $0.symbols.contains(symbols[number]) }
    }
    let memory = plan.sharing(site.buffers).memory
    let name = "kernel step \(plan.hostFunctions.count)"
    plan.hostFunctions.append(name)
    hostFunctions[name] = { operands in
      let own = Array(operands.prefix(site.buffers.count))
      var values: [Symbol: Int] = [:]
      for (number, operand) in zip(needed, operands.dropFirst(own.count)) {
        values[symbols[number]] = operand.shape[0]
      }
      func value(_ size: Dimension) -> Int { size.evaluated { values[$0] } ?? 0 }
      try handler(
        KernelMoment(
          operands: own, memory: memory, sizes: site.sizes.map(value), tiles: value(site.tiles)))
    }
    return Step(
      .host(plan.hostFunctions.count - 1, buffers: site.buffers + needed.map { sizeBuffers[$0] }),
      label: "kernel step")
  }
}
