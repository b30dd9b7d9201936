import TenonGraph
import TenonRuntime
import TenonTensor

// A scan is a loop that counts its trips: it reads one slice of each sliced operand and writes one
// slice of each stacked result, where they lie.
extension DraftBuilder {
  mutating func appendScan(
    _ node: NodeID, _ loop: TenonGraph.Loop, _ operands: [Int], to steps: inout [PlanDraft.Step]
  ) throws {
    guard case .scan(let carried, let sliced, let trips, let isReversed) = loop else { return }
    let region = graph.regions(node).first!
    let origin = graph.origin(node)
    func kernel(_ group: KernelGroup, _ inputs: [Int], _ output: Int, _ label: String)
      -> PlanDraft.Step
    {
      PlanDraft.Step(
        .kernel(group: draft.number(of: group), inputs: inputs, outputs: [output]), label: label,
        origin: origin)
    }
    let results = try addResults(of: node)
    for position in 0..<carried {
      steps.append(
        PlanDraft.Step(
          .copy(from: operands[position], to: results[position]), label: "copy", origin: origin))
    }
    draft.constants.append(PlanConstant(name: "0", tensor: Tensor(Int64(0))))
    let zero = addBuffer(
      PlanDraft.Buffer("0", .counter, .constant(draft.constants.count - 1)))
    let trip = addBuffer(PlanDraft.Buffer("trip", .counter, .arena))
    steps.append(PlanDraft.Step(.copy(from: zero, to: trip), label: "copy", origin: origin))

    depth += 1
    defer { depth -= 1 }
    let predicate = addBuffer(
      PlanDraft.Buffer("more", TensorType(.bool, .scalar), .arena))
    let condition = [kernel(.isBelow(trips), [trip], predicate, "trip")]
    var body: [PlanDraft.Step] = []
    var arguments = Array(results.prefix(carried))
    for position in carried..<carried + sliced {
      let whole = draft.buffers[operands[position]].type
      let slice = addBuffer(PlanDraft.Buffer("slice", whole.slice, .arena))
      body.append(
        kernel(
          .slice(of: whole, trips: trips, isReversed: isReversed), [operands[position], trip],
          slice, "slice"))
      arguments.append(slice)
    }
    bindArguments(region, arguments + operands[(carried + sliced)...])
    body += try self.steps(of: region)
    let values = graph.results(region).map { bufferOf[$0]! }
    for (place, whole) in results.enumerated().dropFirst(carried) {
      let type = draft.buffers[whole].type
      let rows = addBuffer(PlanDraft.Buffer("stacked", type, .alias(of: whole, byteOffset: 0)))
      var group = KernelGroup.stackingByScatter(type, trips: trips, isReversed: isReversed)
      if refusal(group) != nil {
        group = .stacking(type, trips: trips, isReversed: isReversed)
      }
      body.append(kernel(group, [whole, trip, values[place]], rows, "stack"))
    }
    let next = addBuffer(PlanDraft.Buffer("trip", .counter, .arena))
    body.append(kernel(.next, [trip], next, "trip"))
    var slots = (0..<carried).map { Slot(destination: results[$0], value: values[$0]) }
    slots.append(Slot(destination: trip, value: next))
    try finish(&body, slots)
    steps.append(
      PlanDraft.Step(
        .loop(condition: condition, predicate: predicate, body: body, maximumTrips: nil),
        label: label(node), origin: origin, node: node))
  }
}

extension TensorType {
  /// The trip of a scan.
  fileprivate static let counter = TensorType(.i64, .scalar)
  /// Without the first axis.
  fileprivate var slice: TensorType { with(shape: Shape(Array(shape.dropFirst()))) }
}

extension KernelGroup {
  private init(
    _ inputs: [TensorType], _ output: TensorType, _ program: ScalarProgram, _ result: ScalarID
  ) {
    let compute = Compute(axes: output.shape.dimensions, program: program, results: [result])
    self.init(
      inputs: inputs, outputs: [output],
      body: .stages([
        Stage(
          compute: compute, operands: inputs.indices.map { .input($0) }, results: [.output(0)])
      ]))
  }

  /// Whether the trip is below a number.
  fileprivate static func isBelow(_ trips: Dimension) -> KernelGroup {
    var program = ScalarProgram()
    let trip = program.load(0, .i64, [])
    let limit = program.add(.size(trips), .i64)
    let result = program.compare(.less, trip, limit)
    return KernelGroup([.counter], TensorType(.bool, .scalar), program, result)
  }

  /// The trip after this one.
  fileprivate static var next: KernelGroup {
    var program = ScalarProgram()
    let trip = program.load(0, .i64, [])
    let one = program.constant(1, .i64)
    let result = program.binary(.add, trip, one)
    return KernelGroup([.counter], .counter, program, result)
  }

  /// The slice of the trip along the first axis; the trip is input 1.
  fileprivate static func slice(of whole: TensorType, trips: Dimension, isReversed: Bool)
    -> KernelGroup
  {
    var program = ScalarProgram()
    let place = program.place(trips: trips, isReversed: isReversed)
    let rest = whole.shape.indices.dropFirst().map { IndexExpression.axis($0 - 1) }
    let result = program.load(0, whole.element, [.scalar(place)] + rest)
    return KernelGroup([whole, .counter], whole.slice, program, result)
  }

  /// The whole with the trip's slice, input 2, in its place.
  fileprivate static func stacking(_ whole: TensorType, trips: Dimension, isReversed: Bool)
    -> KernelGroup
  {
    var program = ScalarProgram()
    let place = program.place(trips: trips, isReversed: isReversed)
    let own = whole.shape.indices.map { IndexExpression.axis($0) }
    let old = program.load(0, whole.element, own)
    let new = program.load(2, whole.element, Array(own.dropFirst().map { $0 }))
    let here = program.compare(.equal, program.add(.index(own[0]), .i64), place)
    let result = program.select(here, new, old)
    return KernelGroup([whole, .counter, whole.slice], whole, program, result)
  }

  /// As `stacking`, writing the slice alone.
  fileprivate static func stackingByScatter(
    _ whole: TensorType, trips: Dimension, isReversed: Bool
  ) -> KernelGroup {
    var program = ScalarProgram()
    let place = program.place(trips: trips, isReversed: isReversed)
    var second = ScalarProgram()
    let new = second.add(.parameter(1), whole.element)
    let scatter = Scatter(
      count: 1, axes: whole.slice.shape.dimensions, program: program,
      target: [.scalar(place)] + whole.shape.indices.dropFirst().map { .axis($0 - 1) },
      bounds: whole.shape.dimensions, combiner: .program(second, results: [new]),
      hasUniqueTargets: true)
    return KernelGroup(
      inputs: [whole, .counter, whole.slice], outputs: [whole], body: .single(.scatter(scatter)))
  }
}

extension ScalarProgram {
  /// The slice that a trip, operand 1, is about.
  fileprivate mutating func place(trips: Dimension, isReversed: Bool) -> ScalarID {
    let trip = load(1, .i64, [])
    guard isReversed else { return trip }
    return binary(.subtract, add(.size(trips - 1), .i64), trip)
  }
}
