import TenonGraph
import TenonOps
import TenonTensor

/// A node of the model while it is imported: its operands as values of the graph, its attributes,
/// and the wording of what can be wrong with it.
public struct ONNXNode {
  let importer: ONNXImporter
  let proto: ONNXNodeProto
  let operands: [ONNXValue?]
  let scope: NameScope
  let frame: ImportFrame
  /// The version of the operator set that the model asks for.
  public let version: Int

  public var graph: Graph { importer.graph }
  /// `Conv`.
  public var operatorName: String { proto.opType }
  public var inputCount: Int { operands.count }
  public var outputCount: Int { proto.output.count }

  /// Whether input `position` is given.
  public func has(_ position: Int) -> Bool {
    position < operands.count && operands[position] != nil
  }

  /// Whether a later node may read output `position`.
  public func wants(_ position: Int) -> Bool {
    position < proto.output.count && !proto.output[position].isEmpty
  }

  /// Input `position`, of any kind.
  ///
  /// - Throws: `model-node` where it is missing.
  public func value(_ position: Int) throws -> ONNXValue {
    guard has(position), let value = operands[position] else {
      throw fail("input \(position) is missing")
    }
    return value
  }

  /// Input `position` as a tensor.
  ///
  /// - Throws: `model-node` where it is missing or no tensor.
  public func input(_ position: Int) throws -> Value {
    switch try value(position) {
    case .tensor(let value), .optional(.tensor(let value)): return value
    case let other: throw fail("input \(position) must be a tensor, not \(other.kind)")
    }
  }

  /// Input `position`, where it is given.
  ///
  /// - Throws: `model-node` where it is no tensor.
  public func optionalInput(_ position: Int) throws -> Value? {
    has(position) ? try input(position) : nil
  }

  /// All inputs as tensors.
  ///
  /// - Throws: `model-node` where one is missing or no tensor.
  public func inputs() throws -> [Value] { try operands.indices.map(input) }

  /// Input `position` as a sequence.
  ///
  /// - Throws: `model-node` where it is missing or no sequence.
  public func sequence(_ position: Int) throws -> [ONNXValue] {
    switch try value(position) {
    case .sequence(let values), .optional(.sequence(let values)): return values
    case let other: throw fail("input \(position) must be a sequence, not \(other.kind)")
    }
  }

  // MARK: Wording

  /// An error of this node: the operator, the rule broken and the way out.
  public func fail(_ rule: String, code: TenonError.Code = "model-node") -> TenonError {
    let types = operands.enumerated().compactMap { position, operand -> String? in
      guard case .tensor(let value)? = operand, position < proto.input.count else { return nil }
      return "\(proto.input[position]) \(value.type)"
    }
    return TenonError(
      code, "\(proto.opType): \(rule)",
      details: types.isEmpty ? [] : ["inputs: " + types.joined(separator: ", ")])
  }

  public func require(_ condition: Bool, _ rule: @autoclosure () -> String) throws {
    if !condition { throw fail(rule()) }
  }

  /// An axis counted from the front; negative ones count from the back.
  ///
  /// - Throws: `model-node` where it is out of range.
  public func axis(_ axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else {
      throw fail("axis \(axis) is out of range for rank \(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Axes counted from the front, none twice.
  ///
  /// - Throws: `model-node` where one is out of range or repeated.
  public func axes(_ axes: [Int], rank: Int) throws -> [Int] {
    let found = try axes.map { try axis($0, rank: rank) }
    try require(Set(found).count == found.count, "axes \(axes) repeat an axis")
    return found
  }

  // MARK: Shapes

  /// The values repeated to one shape, as NumPy broadcasts: axes are matched from the last.
  ///
  /// - Throws: `model-node` where sizes differ and neither is 1.
  public func broadcast(_ values: [Value]) throws -> [Value] {
    let shape = try broadcastShape(values.map(\.shape))
    return try values.map { try TenonOps.broadcast($0, to: shape) }
  }

  /// Two values repeated to one shape.
  ///
  /// - Throws: `model-node` where sizes differ and neither is 1.
  public func broadcast(_ a: Value, _ b: Value) throws -> (Value, Value) {
    let both = try broadcast([a, b])
    return (both[0], both[1])
  }

  /// The shape that all are repeated to.
  ///
  /// - Throws: `model-node` where sizes differ and neither is 1.
  public func broadcastShape(_ shapes: [Shape]) throws -> Shape {
    let rank = shapes.map(\.rank).max() ?? 0
    var sizes = [Dimension](repeating: 1, count: rank)
    for shape in shapes {
      for (axis, size) in shape.enumerated() {
        let place = rank - shape.rank + axis
        if sizes[place] == 1 || sizes[place] == size {
          sizes[place] = size
        } else if size != 1, let a = size.constant, let b = sizes[place].constant {
          throw fail("sizes \(b) and \(a) cannot be broadcast to one shape")
        } else if size != 1, size.isConstant {
          // The other, unknown, must be the same for the model to be sound.
          sizes[place] = size
        }
      }
    }
    return Shape(sizes)
  }
}
