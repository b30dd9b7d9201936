import TenonTensor

/// What an op sees while its result types are inferred, and the wording of the rules it checks.
public struct InferenceSite {
  let graph: Graph
  let opName: String
  package let signature: Signature
  let operands: [ValueID]
  let regions: [RegionID]
  let origin: OriginID

  public var operandCount: Int { operands.count }
  public var regionCount: Int { regions.count }

  /// The operand's type; inference sees no layouts.
  public func type(_ operand: Int) -> ValueType { graph.type(operands[operand]).withoutLayout }

  /// The operand's tensor type.
  ///
  /// - Throws: `operand-kind` for a sequence or an optional.
  public func tensor(_ operand: Int) throws -> TensorType {
    guard let type = type(operand).tensor else {
      throw fail(
        "operand-kind", "\(signature.operandName(operand)) must be a tensor, not \(type(operand))")
    }
    return type
  }

  /// All operands' tensor types.
  ///
  /// - Throws: `operand-kind` for a sequence or an optional.
  public func tensors() throws -> [TensorType] { try operands.indices.map(tensor) }

  /// The operand's elements as size expressions, where it is a small integer value whose elements
  /// are known.
  public func knownElements(_ operand: Int) -> [Dimension]? {
    graph.knownElements(operands[operand])
  }

  /// The types of a region's arguments and results.
  public func region(_ position: Int) -> (arguments: [ValueType], results: [ValueType]) {
    let region = regions[position]
    return (
      graph.arguments(region).map { graph.type($0).withoutLayout },
      graph.results(region).map { graph.type($0).withoutLayout }
    )
  }

  // MARK: Rules

  /// An error of this op: the op's name, the rule and the way out, then the operands.
  public func fail(_ code: TenonError.Code, _ rule: String) -> TenonError {
    var details: [String] = []
    if !operands.isEmpty {
      let texts = operands.indices.map { "\(label($0)) \(type($0))" }
      details.append("operands: " + texts.joined(separator: ", "))
      let places = operands.indices.compactMap { position -> String? in
        guard let line = graph.originLine(operands[position]) else { return nil }
        return "\(label(position)) from \(line)"
      }
      if !places.isEmpty { details.append(places.joined(separator: ", ")) }
    }
    return TenonError(
      code, "\(opName): \(rule)", details: details, location: graph.origins.primaryLine(origin))
  }

  /// The operand's name in the user's code where it has one, else in the op's signature.
  private func label(_ operand: Int) -> String {
    graph.name(operands[operand]) ?? signature.operandName(operand)
  }

  public func require(_ condition: Bool, _ code: TenonError.Code, _ rule: @autoclosure () -> String)
    throws
  {
    if !condition { throw fail(code, rule()) }
  }

  /// Checks that two sizes agree: at once where both are known, else by a constraint.
  ///
  /// - Throws: `code` with the rule where they are known to differ.
  public func requireEqual(
    _ a: Dimension, _ b: Dimension, _ code: TenonError.Code, _ rule: @autoclosure () -> String
  ) throws {
    if a == b { return }
    if let difference = (a - b).constant, difference != 0 { throw fail(code, rule()) }
    graph.assume(Constraint(relation: .equal, left: a, right: b, origin: origin))
  }

  /// As `requireEqual` for each size, and for the ranks.
  public func requireEqual(
    _ a: Shape, _ b: Shape, _ code: TenonError.Code, _ rule: @autoclosure () -> String
  ) throws {
    if a.rank != b.rank { throw fail(code, rule()) }
    for axis in 0..<a.rank { try requireEqual(a[axis], b[axis], code, rule()) }
  }

  /// Checks or records that `a` is a multiple of `b`.
  ///
  /// - Throws: `code` with the rule where it is known not to be.
  public func requireDivisible(
    _ a: Dimension, by b: Dimension, _ code: TenonError.Code, _ rule: @autoclosure () -> String
  ) throws {
    let rest = a.remainder(dividingBy: b)
    if rest == 0 { return }
    if rest.isConstant { throw fail(code, rule()) }
    graph.assume(Constraint(relation: .divisible, left: a, right: b, origin: origin))
  }

  /// Checks or records that `a` is at least `b`.
  ///
  /// - Throws: `code` with the rule where it is known not to be.
  public func requireAtLeast(
    _ a: Dimension, _ b: Dimension, _ code: TenonError.Code, _ rule: @autoclosure () -> String
  ) throws {
    if a == b { return }
    if let difference = (a - b).constant {
      if difference < 0 { throw fail(code, rule()) }
    } else {
      graph.assume(Constraint(relation: .atLeast, left: a, right: b, origin: origin))
    }
  }

  /// Checks that operands have one element type.
  ///
  /// - Throws: `element-type`.
  public func requireSameElement(_ positions: Range<Int>) throws {
    guard let first = positions.first else { return }
    let element = try tensor(first).element
    for position in positions where try tensor(position).element != element {
      throw fail("element-type", "operands must have one element type; insert `convert` first")
    }
  }

  /// An axis counted from the front; negative ones count from the back.
  ///
  /// - Throws: `axis` where it is out of range.
  public func axis(_ axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank && axis < rank else {
      throw fail("axis", "axis \(axis) is out of range for rank \(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }
}
