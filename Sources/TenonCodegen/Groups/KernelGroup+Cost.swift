import TenonGraph
import TenonRuntime
import TenonTensor

extension KernelGroup {
  /// Floating-point operations (other arithmetic counted alike; a function such as exp as one) and
  /// bytes of inputs and outputs, each once.
  package var cost: Step.Cost {
    var bytes: Dimension = 0
    for type in inputs + outputs {
      bytes = bytes + type.shape.elementCount * Dimension(type.element.byteWidth)
    }
    guard case .stages(let stages) = body else {
      let elements = outputs.reduce(Dimension(0)) { $0 + $1.shape.elementCount }
      return Step.Cost(flops: elements, bytes: bytes)
    }
    var flops: Dimension = 0
    for stage in stages {
      let points = Shape(stage.compute.axes).elementCount
      flops = flops + points * Dimension(stage.compute.program.operations(stage.compute.results))
      if let reduction = stage.compute.reduction {
        let inner = reduction.program.operations(reduction.values) + reduction.values.count
        flops = flops + points * Shape(reduction.axes).elementCount * Dimension(inner)
      }
    }
    return Step.Cost(flops: flops, bytes: bytes)
  }
}

extension ScalarProgram {
  fileprivate func operations(_ wanted: [ScalarID]) -> Int {
    let needed = needed(for: wanted)
    return instructions.indices.count { place in
      guard needed[place] else { return false }
      switch instructions[place] {
      case .unary, .binary: return true
      default: return false
      }
    }
  }
}
