import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that sum products.
  static let contractions: [ONNXOperator] = [
    convolution,
    convolutionOfIntegers,
    convolutionTransposed,
    deformableConvolution,
    einsumOperator,
    gemm,
    ONNXOperator("MatMul", since: [1, 9, 13]) { try matmul($0.input(0), $0.input(1)) },
    matmulOfIntegers,
    quantizedConvolution,
    quantizedMatmul,
  ]

  /// `Gemm`: alpha A B + beta C, with A and B transposed as the attributes say.
  static let gemm = ONNXOperator("Gemm", since: [1, 6, 7, 9, 11, 13]) { node in
    try node.gemm(node.input(0), node.input(1), node.optionalInput(2))
  }

  /// `Einsum`, with `...` for axes that repeat as NumPy does.
  static let einsumOperator = ONNXOperator("Einsum", since: [12]) { node in
    guard let text = try node.string("equation") else {
      throw node.fail("attribute equation is missing")
    }
    var operands = try node.inputs()
    let equation =
      text.contains(".") ? try node.withoutEllipsis(text, &operands) : text
    guard let first = operands.first else { throw node.fail("needs an input") }
    return try first.graph.apply1(Einsum(equation), operands, site: CallSite())
  }
}

extension ONNXNode {
  /// alpha A B + beta C with the node's attributes.
  func gemm(_ a: Value, _ b: Value, _ c: Value?) throws -> Value {
    try require(a.rank == 2 && b.rank == 2, "A and B must be matrices")
    let (isLeft, isRight) = (try flag("transA"), try flag("transB"))
    let (alpha, beta) = (try float("alpha", default: 1), try float("beta", default: 1))
    let columns = b.shape[isRight ? 0 : 1]
    if isRight, !isLeft, alpha == 1, beta == 1 || c == nil, c.map({ $0.shape == [columns] }) ?? true
    {
      return try linear(a, b, bias: c)
    }
    var product = try dotGeneral(
      a, b, lhsContracting: [isLeft ? 0 : 1], rhsContracting: [isRight ? 1 : 0])
    if alpha != 1 { product = try product.scaled(by: alpha) }
    guard let c, beta != 0 else { return product }
    let scaled = try beta == 1 ? c : c.scaled(by: beta)
    return try product + TenonOps.broadcast(scaled, to: product)
  }

  /// The equation with letters for `...`; axes of size 1 that repeat leave their operands.
  fileprivate func withoutEllipsis(_ text: String, _ operands: inout [Value]) throws -> String {
    let letters = text.filter { $0 != " " }
    var (left, result) = (letters, String?.none)
    if let arrow = letters.firstRange(of: "->") {
      left = String(letters[..<arrow.lowerBound])
      result = String(letters[arrow.upperBound...])
    }
    let terms = left.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    try require(
      terms.count == operands.count,
      "the equation names \(terms.count) inputs, given \(operands.count)")
    let counts = try zip(terms, operands).map { term, operand -> Int in
      guard let dots = term.firstRange(of: "...") else { return 0 }
      let count = operand.rank - (term.count - term[dots].count)
      try require(count >= 0, "\(term) names more axes than the input's \(operand.rank)")
      return count
    }
    let most = counts.max() ?? 0
    let free = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".filter {
      !letters.contains($0)
    }
    try require(free.count >= most, "the equation leaves no letters for its \(most) other axes")
    let names = Array(free.prefix(most))
    // Along each repeated axis, whether some operand has more than one element there.
    var isWide = [Bool](repeating: false, count: most)
    var starts: [Int] = []
    for (position, term) in terms.enumerated() {
      let start =
        term.firstRange(of: "...").map { term.distance(from: term.startIndex, to: $0.lowerBound) }
        ?? 0
      starts.append(start)
      for axis in 0..<counts[position]
      where operands[position].shape[start + axis] != 1 {
        isWide[most - counts[position] + axis] = true
      }
    }
    var written: [String] = []
    for (position, term) in terms.enumerated() {
      let (start, count) = (starts[position], counts[position])
      let shape = operands[position].shape
      var (kept, dropped) = ("", Set<Int>())
      for axis in 0..<count {
        let place = most - count + axis
        if shape[start + axis] == 1, isWide[place] {
          dropped.insert(start + axis)
        } else {
          kept.append(names[place])
        }
      }
      if !dropped.isEmpty {
        operands[position] = try TenonOps.reshape(
          operands[position],
          Shape(shape.indices.filter { !dropped.contains($0) }.map { shape[$0] }))
      }
      written.append(term.replacing("...", with: kept))
    }
    let all = String(names)
    if let result {
      return written.joined(separator: ",") + "->" + result.replacing("...", with: all)
    }
    let labels = terms.joined().filter(\.isLetter)
    let once = labels.filter { label in labels.count(where: { $0 == label }) == 1 }.sorted()
    return written.joined(separator: ",") + "->" + all + String(once)
  }
}

extension Value {
  /// The value times a number; integers in f64, truncated.
  func scaled(by factor: Double) throws -> Value {
    if elementType.isFloat { return try self * factor }
    return try convert(convert(self, to: .f64) * factor, to: elementType)
  }

  /// A value of rank 1, or 0, repeated to a shape of which it is one axis.
  func repeated(to shape: Shape, along axis: Int) throws -> Value {
    try graph.apply1(
      BroadcastInDim(shape: shape, dimensions: rank == 0 ? [] : [axis]), [self], site: CallSite())
  }
}
