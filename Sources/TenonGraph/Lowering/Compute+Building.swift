import TenonTensor

extension ScalarProgram {
  /// A float or integer constant of `type` (floats narrower than f32 as f32).
  public mutating func constant(_ value: Double, _ type: ElementType) -> ScalarID {
    if type.isFloat { return add(.float(value), type.computeType) }
    return add(.integer(Int64(value)), type)
  }

  /// The scalar in the type in which arithmetic on it is done: f16 and bf16 become f32.
  public mutating func widened(_ scalar: ScalarID) -> ScalarID {
    convert(scalar, to: type(scalar).computeType)
  }

  /// The scalar converted; itself where it has the type.
  public mutating func convert(_ scalar: ScalarID, to type: ElementType) -> ScalarID {
    self.type(scalar) == type ? scalar : add(.convert(scalar), type)
  }

  public mutating func unary(_ function: UnaryFunction, _ a: ScalarID) -> ScalarID {
    add(.unary(function, a), function == .isFinite ? .bool : type(a))
  }

  public mutating func binary(_ function: BinaryFunction, _ a: ScalarID, _ b: ScalarID) -> ScalarID
  {
    add(.binary(function, a, b), type(a))
  }

  public mutating func compare(_ comparison: Comparison, _ a: ScalarID, _ b: ScalarID) -> ScalarID {
    add(.compare(comparison, a, b), .bool)
  }

  public mutating func select(_ predicate: ScalarID, _ a: ScalarID, _ b: ScalarID) -> ScalarID {
    add(.select(predicate, a, b), type(a))
  }

  /// An element of an operand, widened.
  public mutating func load(
    _ operand: Int, _ type: ElementType, _ index: [IndexExpression], guards: [Guard] = [],
    fill: ScalarID? = nil
  ) -> ScalarID {
    add(.load(operand: operand, index, guards: guards, fill: fill), type)
  }
}

extension Compute {
  /// One result, elementwise over operands of its shape: `body` gets the widened elements and gives
  /// the result, which is narrowed to the result's type.
  public static func elementwise(
    _ site: LoweringSite, _ body: (inout ScalarProgram, [ScalarID]) -> ScalarID
  ) -> Compute {
    let result = site.results[0]
    let index = (0..<result.rank).map { IndexExpression.axis($0) }
    var program = ScalarProgram()
    var elements: [ScalarID] = []
    for (position, operand) in site.operands.enumerated() {
      let element = program.load(position, operand.element, index)
      elements.append(program.widened(element))
    }
    let value = body(&program, elements)
    let narrowed = program.convert(value, to: result.element)
    return Compute(axes: result.shape.dimensions, program: program, results: [narrowed])
  }

  /// One result whose element is operand 0's at another index: transposes, broadcasts, slices.
  public static func view(
    _ site: LoweringSite, _ index: [IndexExpression], guards: [Guard] = [], fill: Int? = nil
  ) -> Compute {
    let result = site.results[0]
    var program = ScalarProgram()
    let filling = fill.map { program.load($0, site.operands[$0].element, []) }
    let value = program.load(
      0, site.operands[0].element, index, guards: guards, fill: filling)
    return Compute(axes: result.shape.dimensions, program: program, results: [value])
  }
}

extension Compute {
  /// One result: the sum over a domain of products of two loaded elements, accumulated in the
  /// result's compute type.
  public static func contraction(
    axes: [Dimension], over reductionAxes: [Dimension], element: ElementType,
    _ factors: (inout ScalarProgram) -> (ScalarID, ScalarID)
  ) -> Compute {
    let accumulator = element.computeType
    var program = ScalarProgram()
    let (a, b) = factors(&program)
    let (x, y) = (program.convert(a, to: accumulator), program.convert(b, to: accumulator))
    let product = program.binary(.multiply, x, y)
    let zero = program.constant(0, accumulator)
    var final = ScalarProgram()
    let reduced = final.add(.reduced(0), accumulator)
    let result = final.convert(reduced, to: element)
    return Compute(
      axes: axes,
      reduction: Reduction(
        axes: reductionAxes, program: program, values: [product], initial: [zero], combiner: .sum),
      program: final, results: [result])
  }
}
