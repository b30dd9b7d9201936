import TenonGraph
import TenonRuntime
import TenonTensor

/// What a plan needs to know of a compiled group.
package struct PlannedKernel: Sendable {
  package var object: ObjectCode
  package var symbol: String
  /// The values of the kernel's size arguments.
  package var sizes: [Dimension]
  package var tiles: Dimension
  package var scratchBytes: Int
  /// Bytecode, which becomes a constant of the plan and the kernel's first buffer.
  package var program: Tensor?

  package init(
    object: ObjectCode, symbol: String, sizes: [Dimension], tiles: Dimension, scratchBytes: Int,
    program: Tensor? = nil
  ) {
    self.object = object
    self.symbol = symbol
    self.sizes = sizes
    self.tiles = tiles
    self.scratchBytes = scratchBytes
    self.program = program
  }
}

extension PlanDraft {
  /// The finished plan.
  ///
  /// - Parameters:
  ///   - kernels: by group of the draft.
  ///   - origins: the lines of an origin, for messages and the profile.
  package func plan(
    target: String, kernels: [PlannedKernel], origins: @escaping (OriginID) -> String
  ) -> Plan {
    var objects: [ObjectCode] = []
    var numberOfObject: [ObjectCode: Int] = [:]
    var labels = [String](repeating: "", count: groups.count)
    label(prepare + steps, &labels)
    let references = kernels.enumerated().map { group, kernel in
      if numberOfObject[kernel.object] == nil {
        numberOfObject[kernel.object] = objects.count
        objects.append(kernel.object)
      }
      return KernelReference(
        object: numberOfObject[kernel.object]!, symbol: kernel.symbol, info: labels[group])
    }
    var (constants, buffers) = (constants, planBuffers)
    let programs = kernels.map { kernel -> BufferID? in
      guard let program = kernel.program else { return nil }
      constants.append(PlanConstant(name: PlanConstant.programName, tensor: program))
      buffers.append(
        PlanBuffer(
          name: "program", place: .constant(constants.count - 1), byteCount: program.byteCount,
          elementType: program.elementType, shape: Shape(program.shape)))
      return BufferID(buffers.count - 1)
    }
    let converted = StepConversion(
      draft: self, kernels: kernels, programs: programs, origins: origins)
    return Plan(
      name: name, target: target, runningSymbols: runningSymbols, objects: objects,
      kernels: references, constants: constants, buffers: buffers, inputs: inputs,
      outputs: outputs, variables: variables, variableUpdates: variableUpdates,
      variablesWrittenInPlace: variablesWrittenInPlace, variablesInitialized: variablesInitialized,
      hostFunctions: hostFunctions, steps: steps.map(converted.step),
      prepare: prepare.map(converted.step), arenaBytes: arenaBytes, preparedBytes: preparedBytes,
      scratchBytesPerThread: kernels.map(\.scratchBytes).max() ?? 0)
  }

  private func label(_ steps: [Step], _ labels: inout [String]) {
    for step in steps {
      if case .kernel(let group, _, _) = step.kind, labels[group].isEmpty {
        labels[group] = step.label
      }
      for block in step.blocks { label(block, &labels) }
    }
  }

  /// The running symbols of all shapes, then those that steps read, in the order met.
  private var runningSymbols: [Symbol] {
    var found: [Symbol] = []
    for shape in inputs.map(\.shape) + buffers.map(\.type.shape) {
      for symbol in shape.symbols where symbol.isRunning && !found.contains(symbol) {
        found.append(symbol)
      }
    }
    var pending = steps
    while let step = pending.popLast() {
      if case .readSize(let symbol, _) = step.kind, !found.contains(symbol) { found.append(symbol) }
      pending += step.blocks.joined()
    }
    return found
  }

  private var planBuffers: [PlanBuffer] {
    buffers.enumerated().map { number, buffer in
      let place: PlanBuffer.Place =
        switch buffer.place {
        case .arena: .arena(buffer.offset)
        case .constant(let index): .constant(index)
        case .variable(let index): .variable(index)
        case .input(let index): .input(index)
        case .output(let index): .output(index)
        case .prepared: .prepared(buffer.offset)
        case .alias(let other, let offset): .alias(of: BufferID(other), byteOffset: offset)
        }
      let life = lifetimes[number]
      return PlanBuffer(
        name: buffer.name, place: place, byteCount: buffer.byteCount,
        elementType: buffer.type.element, shape: buffer.type.shape,
        firstStep: life?.lowerBound ?? 0, lastStep: life?.upperBound ?? 0)
    }
  }
}

private struct StepConversion {
  let draft: PlanDraft
  let kernels: [PlannedKernel]
  /// By kernel, the buffer of its bytecode.
  let programs: [BufferID?]
  let origins: (OriginID) -> String

  func step(_ source: PlanDraft.Step) -> Step {
    let label = source.label
    var cost = Step.Cost()
    let kind: Step.Kind
    switch source.kind {
    case .kernel(let group, let inputs, let outputs):
      cost = draft.groups[group].cost
      kind = .kernel(
        group,
        buffers: (programs[group].map { [$0] } ?? []) + (inputs + outputs).map { BufferID($0) },
        sizes: kernels[group].sizes, tiles: kernels[group].tiles)
    case .copy(let from, let to):
      cost.bytes = Dimension(2 * draft.buffers[from].byteCount)
      kind = .copy(from: BufferID(from), to: BufferID(to))
    case .readSize(let symbol, let from): kind = .readSize(symbol, from: BufferID(from))
    case .host(let function, let inputs, let outputs):
      kind = .host(function, buffers: (inputs + outputs).map { BufferID($0) })
    case .loop(let condition, let predicate, let body, let trips):
      kind = .loop(
        condition: condition.map(step), predicate: BufferID(predicate), body: body.map(step),
        maximumTrips: trips)
    case .branch(let selector, let branches):
      kind = .branch(
        selector: BufferID(selector), branches: branches.map { $0.map(step) })
    }
    return Step(
      kind, label: label, origins: source.origin == .none ? "" : origins(source.origin),
      cost: cost, barrierBefore: source.barrierBefore)
  }
}
