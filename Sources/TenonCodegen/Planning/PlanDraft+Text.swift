import TenonRuntime
import TenonTensor

extension PlanDraft: CustomStringConvertible {
  /// The draft as text: buffers, then prepare steps, then steps, one a line.
  package var description: String {
    var lines = ["draft \(name)"]
    for (number, buffer) in buffers.enumerated() {
      lines.append("  b\(number) \(buffer.name): \(buffer.type) \(text(buffer))")
    }
    if !prepare.isEmpty { lines.append("  prepare") }
    append(prepare, indent: 4, to: &lines)
    lines.append("  steps")
    append(steps, indent: 4, to: &lines)
    for update in variableUpdates {
      lines.append("  \(variables[update.variable].name) = b\(update.buffer.index)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func text(_ buffer: Buffer) -> String {
    switch buffer.place {
    case .arena: "arena"
    case .constant(let index): "constant \(index)"
    case .variable(let index): "variable \(variables[index].name)"
    case .input(let index): "input \(inputs[index].name)"
    case .output(let index): "output \(outputs[index].name)"
    case .prepared: "prepared"
    case .alias(let other, let offset): "in b\(other)" + (offset == 0 ? "" : " + \(offset)")
    }
  }

  private func append(_ steps: [Step], indent: Int, to lines: inout [String]) {
    let margin = String(repeating: " ", count: indent)
    for step in steps {
      let barrier = step.barrierBefore ? "| " : ""
      switch step.kind {
      case .kernel(let group, let inputs, let outputs):
        lines.append(
          margin + barrier + "\(list(outputs)) = kernel \(group)(\(list(inputs))) \(step.label)")
      case .copy(let from, let to): lines.append(margin + barrier + "b\(to) = copy b\(from)")
      case .readSize(let symbol, let from): lines.append(margin + "\(symbol) = size in b\(from)")
      case .host(let function, let inputs, let outputs):
        lines.append(
          margin + barrier
            + "\(list(outputs)) = host \(hostFunctions[function])(\(list(inputs)))")
      case .loop(let condition, let predicate, let body, let trips):
        let limit = trips.map { ", at most \($0) times" } ?? ""
        lines.append(margin + "loop while b\(predicate)\(limit)")
        append(condition, indent: indent + 2, to: &lines)
        lines.append(margin + "do")
        append(body, indent: indent + 2, to: &lines)
      case .branch(let selector, let branches):
        lines.append(margin + "branch on b\(selector)")
        for (number, branch) in branches.enumerated() {
          lines.append(margin + "case \(number)")
          append(branch, indent: indent + 2, to: &lines)
        }
      }
    }
  }

  private func list(_ buffers: [Int]) -> String {
    buffers.map { "b\($0)" }.joined(separator: ", ")
  }
}
