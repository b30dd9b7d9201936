import TenonCodegen
import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor

/// Why kernels compute in the element types in which they do.
struct ArithmeticReasons {
  private let graph: Graph
  /// By kernel, what passes decided about the element type of what it computes.
  private var decisions: [NodeAccount.Kernel: [Decision]] = [:]

  private struct Decision: Equatable {
    var type: ElementType
    var reason: String
  }

  init(_ report: CompileReport) {
    graph = report.graph
    let log = report.passes
    let tracer = NodeTracer(report)
    func note(_ node: NodeID, _ type: ElementType, _ reason: String) {
      let kernel: NodeAccount.Kernel
      switch tracer.end(of: node) {
      case .kernel(let found), .preparation(let found): kernel = found
      default: return
      }
      let decision = Decision(type: type, reason: reason)
      if decisions[kernel]?.contains(decision) != true {
        decisions[kernel, default: []].append(decision)
      }
    }
    for pass in log.passes where pass.name == QuantizeContractions.name {
      for edit in log.edits[pass.edits] {
        for node in log.created(edit) where graph.op(node).isContraction {
          let type = graph.tensorType(graph.result(node)).element
          if type.isInteger { note(node, type, "\(edit.rule): \(edit.reason)") }
        }
      }
      for refusal in pass.refusals {
        let line = graph.origins.primaryLine(graph.origin(refusal.node)).map { " at \($0)" } ?? ""
        note(
          refusal.node, graph.tensorType(graph.result(refusal.node)).element,
          "\(refusal.rule) left \(graph.opName(refusal.node))\(line): \(refusal.reason)")
      }
    }
  }

  /// A line for each element type in which a kernel computes: `f32, as recorded`.
  func lines(_ kernel: NodeAccount.Kernel, _ group: KernelGroup, _ node: NodeID?) -> [String] {
    let stored = (group.inputs + group.outputs).map(\.element)
    return group.arithmeticTypes.map { type in
      var reasons = (decisions[kernel] ?? []).filter { $0.type == type }.map(\.reason)
      if type == .f32, group.readsTransformedFilters {
        reasons.append(
          "by Winograd F(4x4, 3x3), with errors of about 1e-5 of the results' scale")
      }
      if type == .f32 {
        let narrow = ElementType.allCases.filter {
          $0.isFloat && $0.bitWidth < 32 && stored.contains($0)
        }
        if !narrow.isEmpty {
          let list = narrow.map(\.description).joined(separator: ", ")
          reasons.append(
            "floats narrower than f32 (\(list)) are computed in it and rounded when they are stored"
          )
        }
      }
      for reason in node.map({ conversions($0, to: type) }) ?? [] where !reasons.contains(reason) {
        reasons.append(reason)
      }
      return "\(type), " + (reasons.isEmpty ? "as recorded" : reasons.joined(separator: "; "))
    }
  }

  /// The ops of a kernel that make numbers of the type of others that are no such numbers.
  private func conversions(_ node: NodeID, to type: ElementType) -> [String] {
    let members = graph.regions(node).reduce([node]) { $0 + graph.nodes($1) }
    return members.compactMap { member in
      guard graph.regions(member).isEmpty, graph.operandCount(member) == 1,
        let result = graph.type(graph.result(member)).tensor, result.element == type,
        let operand = graph.type(graph.operand(member, 0)).tensor, operand.element != type,
        operand.element.computeType != type
      else { return nil }
      let line = graph.origins.primaryLine(graph.origin(member)).map { " at \($0)" } ?? ""
      return "\(graph.opName(member))\(line) makes \(type) of \(operand.element)"
    }
  }
}

extension Op {
  fileprivate var isContraction: Bool { self is DotGeneral || self is Convolution }
}
