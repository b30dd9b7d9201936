import TenonTensor

/// A region of rank-0 arithmetic as scalar expressions: how combiners and comparators, which are
/// recorded as graphs, reach lowerings.
public enum RegionExpressions {
  /// The region as a program whose parameters are its arguments, or why it cannot be one.
  public static func program(_ region: RegionID, of graph: Graph) -> Result<
    (program: ScalarProgram, results: [ScalarID]), RegionRefusal
  > {
    var program = ScalarProgram()
    var scalars: [ValueID: ScalarID] = [:]
    for (position, argument) in graph.arguments(region).enumerated() {
      guard let type = graph.type(argument).tensor, type.rank == 0 else {
        return .failure(RegionRefusal(reason: "argument \(position) is not a scalar"))
      }
      scalars[argument] = program.add(.parameter(position), type.element)
    }
    for node in graph.nodes(region) {
      let op = graph.op(node)
      let name = type(of: op).name
      let site = LoweringSite(graph, node)
      guard site.results.allSatisfy({ $0.rank == 0 }),
        site.operands.allSatisfy({ $0.rank == 0 }), case .compute(let compute)? = op.lowering(site),
        compute.reduction == nil
      else {
        return .failure(RegionRefusal(reason: "\(name) is not scalar arithmetic"))
      }
      let operands = graph.operands(node).map { scalars[$0]! }
      guard let results = append(compute, operands, to: &program) else {
        return .failure(RegionRefusal(reason: "\(name) reads elements by index"))
      }
      for (position, result) in results.enumerated() {
        scalars[graph.result(node, position)] = result
      }
    }
    return .success((program, graph.results(region).map { scalars[$0]! }))
  }

  /// The region as a combiner of k-tuples, or why it cannot be one.
  public static func combiner(_ region: RegionID, of graph: Graph) -> Result<
    Combiner, RegionRefusal
  > {
    if let named = named(region, of: graph) { return .success(named) }
    return program(region, of: graph).map { .program($0.program, results: $0.results) }
  }

  /// A region of one commutative op on its two arguments has a name.
  private static func named(_ region: RegionID, of graph: Graph) -> Combiner? {
    let arguments = graph.arguments(region)
    let nodes = graph.nodes(region)
    guard arguments.count == 2, nodes.count == 1,
      graph.results(region) == [graph.result(nodes[0])],
      Array(graph.operands(nodes[0])).sorted() == arguments.sorted(),
      case .compute(let compute)? = graph.op(nodes[0]).lowering(LoweringSite(graph, nodes[0])),
      let last = compute.results.first
    else { return nil }
    // Narrow floats are widened, combined and narrowed again.
    var at = last
    if case .convert(let inner) = compute.program[at] { at = inner }
    guard case .binary(let function, _, _) = compute.program[at] else { return nil }
    switch function {
    case .add: return .sum
    case .multiply: return .product
    case .maximum: return .maximum
    case .minimum: return .minimum
    case .and: return .and
    case .or: return .or
    default: return nil
    }
  }

  private static func append(
    _ compute: Compute, _ operands: [ScalarID], to program: inout ScalarProgram
  ) -> [ScalarID]? {
    var map: [ScalarID] = []
    for (position, instruction) in compute.program.instructions.enumerated() {
      let type = compute.program.types[position]
      func old(_ scalar: ScalarID) -> ScalarID { map[scalar.index] }
      switch instruction {
      case .load(let operand, _, let guards, _):
        guard guards.isEmpty else { return nil }
        map.append(operands[operand])
      case .index, .holds, .reduced, .parameter: return nil
      case .float, .integer, .size: map.append(program.add(instruction, type))
      case .unary(let function, let a): map.append(program.add(.unary(function, old(a)), type))
      case .binary(let function, let a, let b):
        map.append(program.add(.binary(function, old(a), old(b)), type))
      case .compare(let comparison, let a, let b):
        map.append(program.add(.compare(comparison, old(a), old(b)), type))
      case .select(let p, let a, let b):
        map.append(program.add(.select(old(p), old(a), old(b)), type))
      case .convert(let a): map.append(program.add(.convert(old(a)), type))
      case .bitcast(let a): map.append(program.add(.bitcast(old(a)), type))
      }
    }
    return compute.results.map { map[$0.index] }
  }
}

/// Why a region cannot become scalar expressions.
public struct RegionRefusal: Error, Hashable, Sendable {
  public var reason: String
}

extension LoweringSite {
  /// The site of a node of a graph; operands and results must be tensors.
  public init(_ graph: Graph, _ node: NodeID) {
    self.init(
      operands: graph.operands(node).map { graph.tensorType($0) },
      results: graph.results(node).map { graph.tensorType($0) }, graph: graph,
      regions: Array(graph.regions(node)),
      knownElements: graph.operands(node).map { graph.knownElements($0) })
  }
}
