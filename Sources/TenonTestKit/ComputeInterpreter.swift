import TenonGraph
import TenonTensor

/// Executes a lowering as it is written, element by element: what an op's lowering is held against
/// its meaning with, and what kernels can be held against.
///
/// Every load is checked to lie within its operand. Reductions by a named combiner accumulate in
/// f64 and are rounded once.
public struct ComputeInterpreter {
  let operands: [ScalarOperand]
  let sizes: (Symbol) -> Int?

  /// - Throws: `element-type` for string and complex operands.
  public init(operands: [Tensor], sizes: @escaping (Symbol) -> Int?) throws {
    self.operands = try operands.map { try ScalarOperand($0) }
    self.sizes = sizes
  }

  /// The results of a compute, of the element types given.
  ///
  /// - Throws: `lowering` where the compute breaks a rule of its own.
  public func run(_ compute: Compute, results types: [ElementType]) throws -> [Tensor] {
    let shape = try compute.axes.map(size)
    var values = [[ScalarNumber]](repeating: [], count: types.count)
    try RowMajor.forEachIndex(shape) { index in
      let reduced = try compute.reduction.map { try reduce($0, at: index) } ?? []
      let frame = ScalarFrame(axes: index, reduced: reduced)
      let scalars = try evaluate(compute.program, frame)
      for (position, result) in compute.results.enumerated() {
        guard compute.program.type(result) == types[position] else {
          throw TenonError.lowering(
            "result \(position) is \(compute.program.type(result)), not \(types[position])")
        }
        values[position].append(scalars[result.index])
      }
    }
    return try values.enumerated().map { try Tensor($1, types[$0], shape: shape) }
  }

  private func reduce(_ reduction: Compute.Reduction, at index: [Int]) throws -> [ScalarNumber] {
    let extents = try reduction.axes.map(size)
    let types = reduction.values.map { reduction.program.type($0) }
    // Initial values do not depend on reduction axes, which may be empty: index 0 stands for them.
    let zeros = ScalarFrame(axes: index + extents.map { _ in 0 })
    var sofar = try initial(reduction, zeros)
    try RowMajor.forEachIndex(extents) { inner in
      let scalars = try evaluate(reduction.program, ScalarFrame(axes: index + inner))
      let next = reduction.values.map { scalars[$0.index] }
      sofar = try combine(reduction.combiner, sofar, next, types)
    }
    return sofar
  }

  /// The starting values, evaluated alone: other parts of the program may load elements that an
  /// empty domain does not have.
  private func initial(_ reduction: Compute.Reduction, _ frame: ScalarFrame) throws
    -> [ScalarNumber]
  {
    try reduction.initial.map { try evaluate(reduction.program, frame, only: $0) }
  }

  /// Two tuples combined; floats by a named combiner are not rounded.
  func combine(
    _ combiner: Combiner, _ a: [ScalarNumber], _ b: [ScalarNumber], _ types: [ElementType]
  ) throws -> [ScalarNumber] {
    let function: BinaryFunction
    switch combiner {
    case .sum: function = .add
    case .product: function = .multiply
    case .maximum: function = .maximum
    case .minimum: function = .minimum
    case .and: function = .and
    case .or: function = .or
    case .program(let program, let results):
      let scalars = try evaluate(program, ScalarFrame(axes: [], parameters: a + b))
      return results.map { scalars[$0.index] }
    }
    return try a.indices.map {
      let type = types[$0].isFloat ? .f64 : types[$0]
      return try ScalarFunctions.binary(function, a[$0], b[$0], type)
    }
  }

  /// A size of this run.
  func size(_ dimension: Dimension) throws -> Int {
    guard let value = dimension.evaluated(sizes) else {
      throw TenonError.lowering("\(dimension) has no number")
    }
    return value
  }
}

/// What an instruction may read besides earlier scalars.
struct ScalarFrame {
  var axes: [Int]
  var reduced: [ScalarNumber] = []
  var parameters: [ScalarNumber] = []
}

/// An operand's elements, widened once.
struct ScalarOperand {
  let elements: Elements
  let type: ElementType
  let shape: [Int]
  let strides: [Int]

  init(_ tensor: Tensor) throws {
    elements = try tensor.elements()
    type = tensor.elementType
    shape = tensor.shape
    strides = RowMajor.strides(tensor.shape)
  }

  subscript(offset: Int) -> ScalarNumber {
    switch elements {
    case .floats(let values): .float(values[offset])
    case .integers(let values): .integer(values[offset])
    }
  }
}

extension TenonError {
  static func lowering(_ rule: String) -> TenonError { TenonError("lowering", "lowering: \(rule)") }
}
