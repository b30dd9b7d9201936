import TenonTensor

extension Plan: CustomStringConvertible {
  /// The plan as text, without the bytes of objects and constants: ports, buffers with their
  /// places and lifetimes, steps.
  public var description: String {
    var lines = ["plan \(name)" + (target.isEmpty ? "" : " for \(target)")]
    lines += runningSymbols.map { "symbol \($0) <= \($0.maximum ?? 0)" }
    lines += inputs.map { "input \($0)" }
    lines += outputs.map { "output \($0)" }
    for (index, variable) in variables.enumerated() {
      var notes = ""
      if variablesWrittenInPlace.contains(index) { notes += " written in place" }
      if variablesInitialized.contains(index) { notes += " initialized" }
      lines.append("variable \(variable)\(notes)")
    }
    lines += constants.map { constant in
      "constant \(constant.name) \(constant.tensor.elementType)\(Shape(constant.tensor.shape))"
    }
    lines += kernels.map { kernel in
      "kernel \(kernel.symbol) of object \(kernel.object)"
        + (kernel.info.isEmpty ? "" : ": \(kernel.info)")
    }
    lines.append("arena \(arenaBytes), prepared \(preparedBytes), scratch \(scratchBytesPerThread)")
    for (index, buffer) in buffers.enumerated() {
      lines.append(
        "\(BufferID(index)) \(buffer.name) \(buffer.elementType)\(buffer.shape) "
          + "\(buffer.byteCount) bytes \(text(buffer.place)) "
          + "steps \(buffer.firstStep)...\(buffer.lastStep)")
    }
    if !prepare.isEmpty { lines += ["prepare:"] + text(prepare, indent: "  ") }
    lines += ["steps:"] + text(steps, indent: "  ")
    lines += variableUpdates.map { "update \(variables[$0.variable].name) = \($0.buffer)" }
    return lines.joined(separator: "\n")
  }

  private func text(_ place: PlanBuffer.Place) -> String {
    switch place {
    case .arena(let offset): "arena+\(offset)"
    case .prepared(let offset): "prepared+\(offset)"
    case .constant(let index): "constant \(constants[index].name)"
    case .variable(let index): "variable \(variables[index].name)"
    case .input(let index): "input \(inputs[index].name)"
    case .output(let index): "output \(outputs[index].name)"
    case .alias(let other, let byteOffset): "\(other)+\(byteOffset)"
    }
  }

  private func text(_ steps: [Step], indent: String) -> [String] {
    steps.flatMap { text($0, indent: indent) }
  }

  private func text(_ step: Step, indent: String) -> [String] {
    let barrier = step.barrierBefore ? "| " : "  "
    let origins = step.origins.isEmpty ? "" : " from \(step.origins)"
    func line(_ text: String) -> String { indent + barrier + step.label + ": " + text + origins }
    let inner = indent + "    "
    switch step.kind {
    case .kernel(let kernel, let buffers, let sizes, let tiles):
      let operands = buffers.map(\.description) + sizes.map(\.description)
      return [
        line(
          "\(kernels[kernel].symbol)(\(operands.joined(separator: ", "))) "
            + "tiles \(tiles) flops \(step.cost.flops) bytes \(step.cost.bytes)")
      ]
    case .copy(let from, let to): return [line("copy \(from) to \(to)")]
    case .readSize(let symbol, let from): return [line("\(symbol) = \(from)")]
    case .loop(let condition, let predicate, let body, let maximumTrips):
      let limit = maximumTrips.map { " at most \($0)" } ?? ""
      return [line("while \(predicate)\(limit)"), indent + "  condition"]
        + text(condition, indent: inner) + [indent + "  body"] + text(body, indent: inner)
    case .branch(let selector, let branches):
      return [line("case \(selector)")]
        + branches.enumerated().flatMap { index, branch in
          ["\(indent)  \(index)"] + text(branch, indent: inner)
        }
    case .host(let function, let buffers):
      let operands = buffers.map(\.description).joined(separator: ", ")
      return [line("host \(hostFunctions[function])(\(operands))")]
    }
  }
}
