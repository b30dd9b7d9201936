import TenonGraph
import TenonTensor

/// Sums of products over labelled axes, as NumPy's `einsum`: labels that the result lacks are summed
/// over. Operands are taken from left to right, two at a time.
public struct Einsum: CompositeOp {
  public static let name = "einsum"
  public static let signature = Signature(["operands…"])
  public let equation: String

  public init(_ equation: String) { self.equation = equation }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    guard let equation = EinsumEquation(equation) else {
      throw site.fail(
        "attribute",
        "the equation \"\(equation)\" must read like ij,jk->ik, each label of the result once")
    }
    try site.require(
      site.operandCount == equation.operands.count, "operand-count",
      "the equation names \(equation.operands.count) operands, given \(site.operandCount)")
    let types = try site.tensors()
    try site.requireSameElement(0..<types.count)
    try site.require(
      !types[0].element.isStorageOnly && types[0].element != .bool, "element-type",
      "is not defined for \(types[0].element)")
    var sizes: [(label: Character, size: Dimension)] = []
    for (position, (type, labels)) in zip(types, equation.operands).enumerated() {
      try site.require(
        type.rank == labels.count, "shape-mismatch",
        "operand \(position) has rank \(type.rank) for the labels \(String(labels))")
      for (axis, label) in labels.enumerated() {
        if let known = sizes.first(where: { $0.label == label }) {
          try site.requireEqual(
            known.size, type.shape[axis], "shape-mismatch",
            "label \(label) has the sizes \(known.size) and \(type.shape[axis])")
        } else {
          sizes.append((label, type.shape[axis]))
        }
      }
    }
    let shape = equation.result.map { label in sizes.first { $0.label == label }!.size }
    return [.tensor(types[0].element, Shape(shape))]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    guard let equation = EinsumEquation(equation) else {
      preconditionFailure("internal: einsum equation \(equation)")
    }
    var terms = try zip(operands, equation.operands).map {
      try Term(value: $0, labels: $1).withoutRepeats()
    }
    while terms.count > 1 {
      let rest = terms.dropFirst(2)
      let wanted = equation.result + rest.flatMap(\.labels)
      terms = [try terms[0].contracted(with: terms[1], keeping: wanted)] + rest
    }
    let last = try terms[0].summed(keeping: equation.result)
    return [
      try transpose(last.value, equation.result.map { last.labels.firstIndex(of: $0)! })
    ]
  }

  private struct Term {
    var value: Value
    var labels: [Character]

    /// The diagonal of axes of one label.
    func withoutRepeats() throws -> Term {
      for (axis, label) in labels.enumerated() {
        guard let first = labels[..<axis].firstIndex(of: label) else { continue }
        let graph = value.graph
        let isDiagonal = try equal(
          graph.iota(.i64, value.shape, dimension: first),
          graph.iota(.i64, value.shape, dimension: axis))
        let diagonal = try select(isDiagonal, value, value.filled(0, site: CallSite()))
        var rest = labels
        rest.remove(at: axis)
        return try Term(value: sum(diagonal, axes: [axis]), labels: rest).withoutRepeats()
      }
      return self
    }

    /// With labels that nobody needs summed over.
    func summed(keeping wanted: [Character]) throws -> Term {
      let axes = labels.indices.filter { !wanted.contains(labels[$0]) }
      if axes.isEmpty { return self }
      return Term(
        value: try sum(value, axes: axes), labels: labels.filter { wanted.contains($0) })
    }

    func contracted(with other: Term, keeping wanted: [Character]) throws -> Term {
      let a = try summed(keeping: wanted + other.labels)
      let b = try other.summed(keeping: wanted + labels)
      let shared = a.labels.filter { b.labels.contains($0) }
      let batching = shared.filter { wanted.contains($0) }
      let contracting = shared.filter { !wanted.contains($0) }
      func axes(_ term: Term, _ labels: [Character]) -> [Int] {
        labels.map { term.labels.firstIndex(of: $0)! }
      }
      let product = try dotGeneral(
        a.value, b.value, lhsBatching: axes(a, batching), rhsBatching: axes(b, batching),
        lhsContracting: axes(a, contracting), rhsContracting: axes(b, contracting))
      let free = { (term: Term) in term.labels.filter { !shared.contains($0) } }
      return Term(value: product, labels: batching + free(a) + free(b))
    }
  }

  public static var samples: Samples {
    Samples { element in
      let cases: [(String, [Shape])] = [
        ("ij,jk->ik", [[2, 3], [3, 4]]), ("i,i->", [[5], [5]]), ("ij->ji", [[2, 3]]),
        ("ii->i", [[3, 3]]), ("ii", [[3, 3]]), ("bij,bjk->bik", [[2, 3, 2], [2, 2, 3]]),
        ("ij,kj,k->i", [[2, 3], [4, 3], [4]]), ("i,j->ij", [[0], [3]]), ("ij->", [[2, 67]]),
        ("bhqd,bhkd->bhqk", [[1, 2, 3, 4], [1, 2, 5, 4]]),
      ]
      return cases.map { equation, shapes in
        Samples.Case(Einsum(equation), shapes.map { TensorType(element, $0) })
      }
    }
  }

  public static var examples: [Example] {
    let a = Tensor.shaped((0..<25).map { Float($0) }, [5, 5])
    let b = Tensor((0..<5).map { Float($0) })
    return [
      Example(
        Einsum("ii"), [a], gives: [Tensor(Float(60))], source: "NumPy documentation, numpy.einsum"),
      Example(
        Einsum("ii->i"), [a], gives: [Tensor([0, 6, 12, 18, 24] as [Float])],
        source: "NumPy documentation, numpy.einsum"),
      Example(
        Einsum("ij,j->i"), [a, b], gives: [Tensor([30, 80, 130, 180, 230] as [Float])],
        source: "NumPy documentation, numpy.einsum"),
    ]
  }
}

/// Sums of products over labelled axes: `einsum("ij,jk->ik", a, b)` is the matrix product.
///
/// - Throws: `attribute` for an equation that does not read like that, `operand-count`,
///   `shape-mismatch` or `element-type`.
public func einsum(
  _ equation: String, _ operands: Value..., fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  guard let first = operands.first else { throw TenonError.nothingToJoin("einsum") }
  return try first.graph.apply1(
    Einsum(equation), operands, site: CallSite(fileID: fileID, line: line))
}
