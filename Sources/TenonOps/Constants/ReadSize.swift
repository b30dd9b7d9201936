import TenonGraph
import TenonTensor

/// An integer that a run computes, as the size of a running symbol: the shapes of what follows may
/// use it, and are as large as it says.
public struct ReadSize: PrimitiveOp, SizeReadingOp {
  public static let name = "read_size"
  public static let signature = Signature(["number"])
  public static let effects = Effects.barrier
  /// A running symbol alone.
  public let size: Dimension

  public init(_ size: Dimension) { self.size = size }

  /// The symbol that gets the number.
  public var symbol: Symbol { size.symbols[0] }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let number = try site.tensor(0)
    try site.require(
      number.element.isInteger && !number.element.isStorageOnly && number.rank == 0,
      "element-type", "the number must be an integer of rank 0, not \(number)")
    let symbols = size.symbols
    try site.require(
      symbols.count == 1 && symbols[0].isRunning && size == Dimension(symbols[0]), "attribute",
      "the size must be one running symbol, given \(size)")
    return [.tensor(number)]
  }

  public func knownElements(_ site: InferenceSite) -> [Dimension]? { [size] }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    operands
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil] }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      [0, 1, 4, 5].map { number in
        let name = "count_\(element)_\(number)"
        return Samples.Case(
          ReadSize(Dimension(.running(name, maximum: 5))),
          [TensorType(.i32, .scalar), TensorType(element, [5, 3])],
          values: [0: Tensor(Int32(number))],
          record: { graph, values in
            let count = try runningSize(values[0], name, maximum: 5)
            let part = try slice(values[1], axis: 0, from: 0, to: count)
            return [part, try graph.size(count), try graph.iota(.i32, [count, 2])]
          })
      }
    }
  }
}

/// The size whose number is an integer of rank 0 that a run computes, from 0 to `maximum`; what uses
/// it in its shape has that many elements. The run fails where the number is outside.
///
/// - Throws: `symbol-conflict` where the graph has a size of that name, `symbol-name`,
///   `element-type`.
public func runningSize(
  _ number: Value, _ name: String, maximum: Int, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Dimension {
  let site = CallSite(fileID: fileID, line: line)
  guard number.graph.symbol(named: name) == nil else {
    throw TenonError.sizeReadTwice(name, number, site)
  }
  let size = Dimension(.running(name, maximum: maximum))
  _ = try number.graph.apply1(ReadSize(size), [number], site: site)
  return size
}
