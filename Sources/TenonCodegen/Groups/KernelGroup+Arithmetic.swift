import TenonGraph
import TenonTensor

extension KernelGroup {
  /// The element types in which the group computes, in the order of `ElementType`. Moving, comparing
  /// and converting elements is no arithmetic.
  package var arithmeticTypes: [ElementType] {
    var found: Set<ElementType> = []
    func note(_ program: ScalarProgram) {
      for (instruction, type) in zip(program.instructions, program.types) {
        switch instruction {
        case .unary, .binary: found.insert(type)
        default: break
        }
      }
    }
    func note(_ combiner: Combiner, of types: [ElementType]) {
      if case .program(let program, _) = combiner { return note(program) }
      found.formUnion(types)
    }
    switch staged.body {
    case .stages(let stages):
      for compute in stages.map(\.compute) {
        note(compute.program)
        guard let reduction = compute.reduction else { continue }
        note(reduction.program)
        note(reduction.combiner, of: reduction.values.map { reduction.program.type($0) })
      }
    case .single(.scatter(let scatter)):
      note(scatter.combiner, of: outputs.map(\.element.computeType))
    case .single(.prefixScan(let scan)):
      note(scan.combiner, of: outputs.map(\.element.computeType))
    case .single(.attention): found.insert(inputs[0].element.computeType)
    case .single: break
    }
    return ElementType.allCases.filter { $0 != .bool && found.contains($0) }
  }
}
