import TenonGraph
import TenonOps
import TenonTensor

/// Evaluates nodes whose operands are all constants, with the op's own `evaluate`, so that the
/// compiler and the kernels never differ.
///
/// Before: `%a = constant([1, 2]); %b = constant([3, 4]); %c = add(%a, %b)`
/// After:  `%c = constant([4, 6])`
///
/// Small integer values whose elements are known as numbers (sizes, axes) become constants too.
/// Results over `PassOptions.foldedBytes` stay: they are steps of the plan's prepare entry. A
/// constant repeated to a larger shape stays, kernels read it once, and counts as a constant beside
/// one of the result's size. Barriers are not evaluated.
///
/// Before the simplifications, which look for constants.
public struct FoldConstants: GraphPass {
  public static let name = "fold-constants"
  public init() {}

  public func run(_ context: PassContext) throws {
    let graph = context.graph
    let interpreter = Interpreter(graph)
    var constants = OpMarks { $0 is Constant }
    var repeated = OpMarks { $0 is BroadcastInDim }
    try context.rewriteOnce(
      "evaluate", OpSelection { type(of: $0).effects == .pure && !($0 is Constant) }
    ) { site in
      if let known = try knownElements(site) { return known }
      var isWhole = false
      for operand in graph.operands(site.node) {
        guard let producer = graph.producer(operand) else { return nil }
        if constants.contains(producer, graph) {
          isWhole = true
        } else if repeated.contains(producer, graph), graph.operandCount(site.node) > 1,
          let source = graph.producer(graph.operand(producer, 0)),
          constants.contains(source, graph),
          graph.haveSameShape(operand, graph.result(site.node))
        {
          continue
        } else {
          return nil
        }
      }
      return isWhole ? try evaluate(site, interpreter) : nil
    }
  }

  private func evaluate(_ site: RewriteSite, _ interpreter: Interpreter) throws -> Rewrite? {
    let graph = site.graph
    guard graph.isPure(site.node) else { return nil }
    var bytes = 0
    for result in graph.results(site.node) {
      guard let type = graph.type(result).tensor, let count = type.shape.elementCount.constant,
        type.layout == nil, type.element != .string
      else { return nil }
      bytes += count * type.element.byteWidth
    }
    let constants = graph.operands(site.node).map { operand -> Tensor in
      let producer = graph.producer(operand)!
      let source = (graph.op(producer) as? Constant) ?? source(of: producer, graph)
      return source.value.tensor
    }
    if site.op is BroadcastInDim, bytes > constants[0].byteCount { return nil }
    let limit = site.options.foldedBytes
    guard bytes <= limit else {
      return .refuse(because: "\(bytes) bytes are more than the \(limit) folded when compiling")
    }
    let read = constants.reduce(0) { $0 + $1.byteCount }
    guard read <= 64 * limit else {
      return .refuse(because: "reading \(read) bytes is left to the plan's prepare entry")
    }
    let operands = try zip(graph.operands(site.node), constants).map { operand, constant in
      let producer = graph.producer(operand)!
      if graph.op(producer) is Constant { return constant }
      return try interpreter.evaluate(producer, [constant])[0]
    }
    let results = try interpreter.evaluate(site.node, operands)
    return .replace(
      try results.map { try site.graph.constant($0) }, because: "all operands are constants")
  }

  /// The constant that a node repeats.
  private func source(of node: NodeID, _ graph: Graph) -> Constant {
    graph.op(graph.producer(graph.operand(node, 0))!) as! Constant
  }

  /// The node's result as a constant where recording knew its elements.
  private func knownElements(_ site: RewriteSite) throws -> Rewrite? {
    guard site.resultCount == 1, let known = site.result().knownElements,
      let type = site.graph.type(site.result().id).tensor
    else { return nil }
    var elements: [Int64] = []
    for dimension in known {
      guard let number = dimension.constant else { return nil }
      elements.append(Int64(number))
    }
    // Wrapped arithmetic of narrow types is not that of sizes.
    guard let sizes = type.shape.constants, type.element == .i64 || type.element == .i32,
      elements.allSatisfy({ Int64(Int32(truncatingIfNeeded: $0)) == $0 }),
      RowMajor.count(sizes) == elements.count
    else { return nil }
    let tensor = try Tensor(type.element, shape: sizes, integers: elements)
    return .replace(try site.graph.constant(tensor), because: "its elements are known sizes")
  }
}

extension Graph {
  /// Whether two tensors have one shape, whatever their elements.
  fileprivate func haveSameShape(_ a: ValueID, _ b: ValueID) -> Bool {
    guard let x = type(a).tensor, let y = type(b).tensor else { return false }
    return x.shape == y.shape
  }
}
