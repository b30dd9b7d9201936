import TenonGraph
import TenonTensor

/// The rows of a table of (entries, features) that integers of any shape choose.
public struct EmbeddingLookup: CompositeOp {
  public static let name = "embedding"
  public static let signature = Signature(["table", "indices"])

  public init() {}

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (table, indices) = (try site.tensor(0), try site.tensor(1))
    try site.require(
      table.rank == 2, "shape-mismatch", "the table must have rank 2, (entries, features)")
    try site.require(
      indices.element.isInteger && !indices.element.isStorageOnly, "element-type",
      "indices must be integers, not \(indices.element)")
    return [.tensor(table.element, Shape(indices.shape.dimensions + [table.shape[1]]))]
  }

  public func body(_ graph: Graph, _ operands: [Value]) throws -> [Value] {
    [try take(operands[0], operands[1], axis: 0)]
  }

  public static var samples: Samples {
    Samples(elements: ElementType.movable) { element in
      let cases: [(Shape, [Int], [Int64], ElementType)] = [
        ([5, 3], [4], [0, 4, 2, 2], .i32), ([5, 3], [], [3], .i64),
        ([7, 2], [2, 2], [6, 0, 1, 9], .u8),
        ([3, 67], [1], [-1], .i16), ([3, 2], [0], [], .i32),
      ]
      return cases.map { table, shape, indices, type in
        var values: [Int: Tensor] = [:]
        values[1] = try? Tensor(type, shape: shape, integers: indices)
        return Samples.Case(
          EmbeddingLookup(), [TensorType(element, table), TensorType(type, Shape(shape))],
          values: values)
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        EmbeddingLookup(), [Tensor.rows([[1, 2.3, 3], [4, 5.1, 6.3]]), Tensor([1] as [Int64])],
        gives: [Tensor.rows([[4, 5.1, 6.3]])],
        source: "PyTorch documentation, torch.nn.Embedding.from_pretrained")
    ]
  }
}

/// The rows of `table`, (entries, features), that integers of any shape choose.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func embedding(
  _ table: Value, _ indices: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  try table.graph.apply1(
    EmbeddingLookup(), [table, indices], site: CallSite(fileID: fileID, line: line))
}
