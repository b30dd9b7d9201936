import TenonFormats
import TenonRuntime
import TenonTensor

/// A plan as JSON, without the bytes of constants and objects. `PlanReader` reads it back.
struct PlanWriter {
  let plan: Plan

  init(_ plan: Plan) { self.plan = plan }

  func json() throws -> JSON {
    [
      "name": .string(plan.name), "target": .string(plan.target),
      "symbols": list(plan.runningSymbols) { [.string($0.name), .number($0.maximum ?? 0)] },
      "kernels": list(plan.kernels) {
        [.number($0.object), .string($0.symbol), .string($0.info)]
      },
      "constants": list(plan.constants) { constant in
        [
          .string(constant.name), .string(constant.tensor.elementType.name),
          list(constant.tensor.shape) { .number($0) },
        ]
      },
      "inputs": list(plan.inputs, port), "outputs": list(plan.outputs, port),
      "variables": list(plan.variables, port), "buffers": list(plan.buffers, buffer),
      "updates": list(plan.variableUpdates) { [.number($0.variable), .number($0.buffer.index)] },
      "written": list(plan.variablesWrittenInPlace) { .number($0) },
      "initialized": list(plan.variablesInitialized) { .number($0) },
      "host_functions": list(plan.hostFunctions) { .string($0) },
      "arena": .number(plan.arenaBytes), "prepared": .number(plan.preparedBytes),
      "scratch": .number(plan.scratchBytesPerThread),
      "prepare": try steps(plan.prepare, depth: 0), "steps": try steps(plan.steps, depth: 0),
    ]
  }

  private func list<Elements: Sequence>(_ elements: Elements, _ json: (Elements.Element) -> JSON)
    -> JSON
  { .array(elements.map(json)) }

  private func port(_ port: PlanPort) -> JSON {
    [.string(port.name), .string(port.elementType.name), shape(port.shape)]
  }

  private func shape(_ shape: Shape) -> JSON { list(shape.dimensions, size) }

  private func size(_ size: Dimension) -> JSON {
    size.constant.map { .number($0) } ?? .string(size.description)
  }

  private func buffers(_ ids: [BufferID]) -> JSON { list(ids) { .number($0.index) } }

  private func buffer(_ buffer: PlanBuffer) -> JSON {
    let place: JSON =
      switch buffer.place {
      case .arena(let offset): ["arena", .number(offset)]
      case .constant(let index): ["constant", .number(index)]
      case .variable(let index): ["variable", .number(index)]
      case .input(let index): ["input", .number(index)]
      case .output(let index): ["output", .number(index)]
      case .prepared(let offset): ["prepared", .number(offset)]
      case .alias(let other, let offset): ["alias", .number(other.index), .number(offset)]
      }
    return [
      .string(buffer.name), .string(buffer.elementType.name), shape(buffer.shape), place,
      .number(buffer.byteCount), .number(buffer.firstStep), .number(buffer.lastStep),
    ]
  }

  private func steps(_ steps: [Step], depth: Int) throws -> JSON {
    guard depth <= PlanReader.nestingLimit else { throw TenonError.nestedPlan(plan.name) }
    return .array(try steps.map { try step($0, depth: depth) })
  }

  private func step(_ step: Step, depth: Int) throws -> JSON {
    var members: [(String, JSON)] = [
      ("label", .string(step.label)), ("origins", .string(step.origins)),
      ("barrier", .boolean(step.barrierBefore)), ("flops", size(step.cost.flops)),
      ("bytes", size(step.cost.bytes)),
    ]
    switch step.kind {
    case .kernel(let kernel, let buffers, let sizes, let tiles):
      members += [
        ("kernel", .number(kernel)), ("buffers", self.buffers(buffers)),
        ("sizes", list(sizes, size)), ("tiles", size(tiles)),
      ]
    case .copy(let from, let to):
      members += [("copy", [.number(from.index), .number(to.index)])]
    case .readSize(let symbol, let from):
      members += [("size", .string(symbol.name)), ("from", .number(from.index))]
    case .loop(let condition, let predicate, let body, let trips):
      members += [
        ("while", try steps(condition, depth: depth + 1)), ("predicate", .number(predicate.index)),
        ("body", try steps(body, depth: depth + 1)),
        ("trips", trips.map { .number($0) } ?? .null),
      ]
    case .branch(let selector, let branches):
      members += [
        ("case", .number(selector.index)),
        ("branches", .array(try branches.map { try steps($0, depth: depth + 1) })),
      ]
    case .host(let function, let buffers):
      members += [("host", .number(function)), ("buffers", self.buffers(buffers))]
    }
    return .object(members)
  }
}

extension TenonError {
  static func nestedPlan(_ name: String) -> TenonError {
    TenonError(
      "plan-file",
      "plan file: plan \(name) nests loops and branches deeper than the "
        + "\(PlanReader.nestingLimit) that a file holds")
  }
}
