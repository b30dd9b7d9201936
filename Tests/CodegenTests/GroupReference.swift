@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// What a group of computes means, element by element, with reductions in ascending order and
/// float sums in f64.
struct GroupReference {
  let group: KernelGroup
  let sizes: [Symbol: Int]

  struct Array {
    var shape: [Int]
    var elements: [LaneNumber]

    subscript(index: [Int]) -> LaneNumber {
      var offset = 0
      for (extent, place) in zip(shape, index) {
        precondition((0..<extent).contains(place), "index \(index) is outside of \(shape)")
        offset = offset * extent + place
      }
      return elements[offset]
    }
  }

  func run(_ inputs: [Tensor]) throws -> [[LaneNumber]] {
    guard case .stages(let stages) = group.staged.body else { preconditionFailure("no stages") }
    let given = try inputs.map { Array(shape: $0.shape, elements: try $0.laneNumbers()) }
    var staged: [[Array]] = []
    var outputs = [[LaneNumber]](repeating: [], count: group.outputs.count)
    for stage in stages {
      let operands = stage.operands.map { operand in
        switch operand {
        case .input(let number): given[number]
        case .stage(let number, let result): staged[number][result]
        }
      }
      let shape = stage.compute.axes.map(size)
      var results = stage.results.map { _ in Array(shape: shape, elements: []) }
      RowMajor.forEachIndex(shape) { index in
        for (number, value) in evaluate(stage.compute, operands, index).enumerated() {
          results[number].elements.append(value)
        }
      }
      for (number, destination) in stage.results.enumerated() {
        if case .output(let output) = destination { outputs[output] = results[number].elements }
      }
      staged.append(results)
    }
    return outputs
  }

  private func size(_ size: Dimension) -> Int { size.evaluated { sizes[$0] }! }

  private func evaluate(_ compute: Compute, _ operands: [Array], _ index: [Int]) -> [LaneNumber] {
    var reduced: [LaneNumber] = []
    if let reduction = compute.reduction {
      let extents = reduction.axes.map(size)
      let types = reduction.values.map { reduction.program.type($0) }
      let zeros = extents.map { _ in 0 }
      var frame = Frame(operands: operands, index: index + zeros)
      reduced = reduction.initial.map { value($0, reduction.program, &frame) }
      RowMajor.forEachIndex(extents) { inner in
        var frame = Frame(operands: operands, index: index + inner)
        let next = reduction.values.map { value($0, reduction.program, &frame) }
        if case .program(let program, let results) = reduction.combiner {
          var frame = Frame(operands: operands, index: [], parameters: reduced + next)
          reduced = results.map { value($0, program, &frame) }
        } else {
          reduced = types.indices.map { number in
            let type = types[number].isFloat ? ElementType.f64 : types[number]
            return LaneNumber.apply(
              function(reduction.combiner), reduced[number], next[number], type)
          }
        }
      }
      reduced = zip(reduced, types).map { value, type in
        if case .float(let number) = value { LaneNumber(number, type) } else { value }
      }
    }
    var frame = Frame(operands: operands, index: index, reduced: reduced)
    return compute.results.map { value($0, compute.program, &frame) }
  }

  private func function(_ combiner: Combiner) -> BinaryFunction {
    switch combiner {
    case .sum: .add
    case .product: .multiply
    case .maximum: .maximum
    case .minimum: .minimum
    case .and: .and
    case .or: .or
    case .program: preconditionFailure("a program")
    }
  }

  private struct Frame {
    var operands: [Array]
    var index: [Int]
    var reduced: [LaneNumber] = []
    var parameters: [LaneNumber] = []
    var known: [ScalarID: LaneNumber] = [:]
  }

  private func value(_ scalar: ScalarID, _ program: ScalarProgram, _ frame: inout Frame)
    -> LaneNumber
  {
    if let known = frame.known[scalar] { return known }
    let type = program.type(scalar)
    func at(_ scalar: ScalarID) -> LaneNumber { value(scalar, program, &frame) }
    let result: LaneNumber
    switch program[scalar] {
    case .float(let number): result = LaneNumber(number, type)
    case .integer(let number): result = LaneNumber(number, type)
    case .size(let size): result = .integer(Int64(self.size(size)))
    case .index(let expression): result = .integer(Int64(number(expression, program, &frame)))
    case .load(let operand, let indices, let guards, let fill):
      if holds(guards, program, &frame) {
        let index = indices.map { number($0, program, &frame) }
        result = frame.operands[operand][index]
      } else {
        result = at(fill!)
      }
    case .holds(let guards): result = .integer(holds(guards, program, &frame) ? 1 : 0)
    case .unary(let function, let a):
      result = LaneNumber.apply(function, at(a), program.type(a))
    case .binary(let function, let a, let b):
      result = LaneNumber.apply(function, at(a), at(b), type)
    case .compare(let comparison, let a, let b):
      result = .integer(LaneNumber.compare(comparison, at(a), at(b), program.type(a)) ? 1 : 0)
    case .select(let a, let b, let c): result = at(a).isTrue ? at(b) : at(c)
    case .convert(let a): result = LaneNumber.converted(at(a), program.type(a), to: type)
    case .bitcast(let a): result = LaneNumber.bitcast(at(a), program.type(a), to: type)
    case .reduced(let number): result = frame.reduced[number]
    case .parameter(let number): result = frame.parameters[number]
    }
    frame.known[scalar] = result
    return result
  }

  private func holds(_ guards: [Guard], _ program: ScalarProgram, _ frame: inout Frame) -> Bool {
    for condition in guards {
      let number = number(condition.expression, program, &frame)
      switch condition {
      case .within(_, let bound): if number < 0 || number >= size(bound) { return false }
      case .multiple(_, let factor): if number % factor != 0 { return false }
      }
    }
    return true
  }

  private func number(
    _ expression: IndexExpression, _ program: ScalarProgram, _ frame: inout Frame
  ) -> Int {
    var sum = size(expression.constant)
    for term in expression.terms {
      let atom: Int
      switch term.atom {
      case .axis(let axis): atom = frame.index[axis]
      case .scalar(let scalar): atom = Int(value(scalar, program, &frame).integer)
      case .floorDivide(let inner, let by):
        let (a, b) = (number(inner, program, &frame), size(by))
        atom = (a - (a % b + b) % b) / b
      case .remainder(let inner, let by):
        let (a, b) = (number(inner, program, &frame), size(by))
        atom = (a % b + b) % b
      }
      sum += atom * size(term.coefficient)
    }
    return sum
  }
}
