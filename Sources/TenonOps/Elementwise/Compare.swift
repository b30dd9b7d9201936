import TenonGraph
import TenonTensor

/// A comparison of two tensors element by element, as `bool`. With NaN every comparison is false
/// but `ne`.
public struct Compare: PrimitiveOp {
  public static let name = "compare"
  public static let signature = Signature(["x", "y"])
  public let direction: Comparison

  public init(_ direction: Comparison) { self.direction = direction }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let (x, y) = (try site.tensor(0), try site.tensor(1))
    try site.requireSameElement(0..<2)
    try site.require(
      !x.element.isStorageOnly, "element-type", "is not defined for \(x.element)")
    try site.requireEqual(
      x.shape, y.shape, "shape-mismatch", "operands must have one shape; insert `broadcast` first")
    return [.tensor(.bool, x.shape)]
  }

  /// Comparisons of sizes that hold, or fail, whatever the sizes are.
  public func knownElements(_ site: InferenceSite) -> [Dimension]? {
    guard let x = site.knownElements(0), let y = site.knownElements(1) else { return nil }
    var known: [Dimension] = []
    for (a, b) in zip(x, y) {
      let difference = a - b
      // A size that is not bound yet is some number that is not negative.
      let open = difference.substituting {
        $0.maximum == nil ? Dimension(.running($0.name, maximum: 1 << 46)) : nil
      }
      guard let range = open.range else { return nil }
      let isLess = range.upperBound < 0 ? true : range.lowerBound >= 0 ? false : nil
      let isGreater = range.lowerBound > 0 ? true : range.upperBound <= 0 ? false : nil
      let isEqual =
        difference == 0 ? true : isLess == true || isGreater == true ? false : nil
      let holds: Bool? =
        switch direction {
        case .equal: isEqual
        case .notEqual: isEqual.map { !$0 }
        case .less: isLess
        case .lessOrEqual: isGreater.map { !$0 }
        case .greater: isGreater
        case .greaterOrEqual: isLess.map { !$0 }
        }
      guard let holds else { return nil }
      known.append(holds ? 1 : 0)
    }
    return known
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let type = operands[0].elementType
    let holds: [Bool]
    switch (try operands[0].elements(), try operands[1].elements()) {
    case (.floats(let a), .floats(let b)):
      holds = zip(a, b).map { test($0 < $1, $0 == $1, $0 > $1) }
    case (.integers(let a), .integers(let b)):
      holds = zip(a, b).map {
        test(
          ReferenceArithmetic.isLess($0, $1, type), $0 == $1,
          ReferenceArithmetic.isLess($1, $0, type))
      }
    default: preconditionFailure("internal: operands of two kinds")
    }
    return [try site.result(0, .integers(holds.map { $0 ? 1 : 0 }))]
  }

  private func test(_ less: Bool, _ equal: Bool, _ greater: Bool) -> Bool {
    switch direction {
    case .equal: equal
    case .notEqual: !equal
    case .less: less
    case .lessOrEqual: less || equal
    case .greater: greater
    case .greaterOrEqual: greater || equal
    }
  }

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil, nil] }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    .compute(.elementwise(site) { $0.compare(direction, $1[0], $1[1]) })
  }

  public static var samples: Samples {
    Samples { element in
      ([[7], [], [0], [3, 67]] as [Shape]).flatMap { shape in
        Comparison.allCases.map {
          Samples.Case(Compare($0), [TensorType(element, shape), TensorType(element, shape)])
        }
      }
    }
  }
}

/// Where x = y, as `bool`.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func equal(_ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line) throws
  -> Value
{
  try x.graph.apply1(Compare(.equal), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// Where x = y for a number y, as `bool`.
public func equal(
  _ x: Value, _ y: some Scalar, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply1(Compare(.equal), [x, x.filled(y, site: site)], site: site)
}

/// Where x ≠ y, as `bool`.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func notEqual(_ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line)
  throws
  -> Value
{
  try x.graph.apply1(Compare(.notEqual), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// Where x ≠ y for a number y, as `bool`.
public func notEqual(
  _ x: Value, _ y: some Scalar, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply1(Compare(.notEqual), [x, x.filled(y, site: site)], site: site)
}

/// Where x < y, as `bool`.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func less(_ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line) throws
  -> Value
{
  try x.graph.apply1(Compare(.less), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// Where x < y for a number y, as `bool`.
public func less(
  _ x: Value, _ y: some Scalar, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply1(Compare(.less), [x, x.filled(y, site: site)], site: site)
}

/// Where x ≤ y, as `bool`.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func lessOrEqual(_ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line)
  throws
  -> Value
{
  try x.graph.apply1(Compare(.lessOrEqual), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// Where x ≤ y for a number y, as `bool`.
public func lessOrEqual(
  _ x: Value, _ y: some Scalar, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply1(Compare(.lessOrEqual), [x, x.filled(y, site: site)], site: site)
}

/// Where x > y, as `bool`.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func greater(_ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line)
  throws
  -> Value
{
  try x.graph.apply1(Compare(.greater), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// Where x > y for a number y, as `bool`.
public func greater(
  _ x: Value, _ y: some Scalar, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply1(Compare(.greater), [x, x.filled(y, site: site)], site: site)
}

/// Where x ≥ y, as `bool`.
///
/// - Throws: `shape-mismatch` or `element-type`.
public func greaterOrEqual(
  _ x: Value, _ y: Value, fileID: StaticString = #fileID, line: UInt = #line
) throws
  -> Value
{
  try x.graph.apply1(Compare(.greaterOrEqual), [x, y], site: CallSite(fileID: fileID, line: line))
}

/// Where x ≥ y for a number y, as `bool`.
public func greaterOrEqual(
  _ x: Value, _ y: some Scalar, fileID: StaticString = #fileID, line: UInt = #line
) throws -> Value {
  let site = CallSite(fileID: fileID, line: line)
  return try x.graph.apply1(Compare(.greaterOrEqual), [x, x.filled(y, site: site)], site: site)
}
