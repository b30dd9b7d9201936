import TenonGraph
import TenonTensor

extension KernelGroup {
  /// The copy of a plain tensor into a layout; what pads its blocks is 0. The output's type is the
  /// plain tensor of the layout's parts, which lies in memory as the layout says.
  package static func packing(_ type: TensorType, as layout: Layout) -> KernelGroup {
    precondition(type.layout == nil, "internal: a packed tensor is packed again")
    var program = ScalarProgram()
    var sizes: [Dimension] = []
    var indices = type.shape.map { _ in IndexExpression(0) }
    for (number, part) in layout.parts.enumerated() {
      let place = IndexExpression.axis(number)
      guard let block = part.block else {
        sizes.append(type.shape[part.axis])
        indices[part.axis] = place
        continue
      }
      sizes.append(
        part.isInner
          ? Dimension(block) : type.shape[part.axis].ceilingDivided(by: Dimension(block)))
      indices[part.axis] = indices[part.axis] + (part.isInner ? place : place * Dimension(block))
    }
    let guards = zip(indices, type.shape).compactMap { index, size -> Guard? in
      index.isWithin(size) { sizes[$0] } ? nil : .within(index, size)
    }
    let fill =
      guards.isEmpty
      ? nil : program.add(type.element.isFloat ? .float(0) : .integer(0), type.element)
    let value = program.add(
      .load(operand: 0, indices, guards: guards, fill: fill), type.element)
    return KernelGroup(
      inputs: [type], outputs: [TensorType(type.element, Shape(sizes))],
      body: .single(.compute(Compute(axes: sizes, program: program, results: [value])))
    ).staged
  }
}
