import TenonGraph
import TenonOps
import TenonTensor

/// Writes what can be written in several ways in one: operands of commutative ops in the order in
/// which they were made, repeated constants last.
///
/// Before: `%a = add(%y, %x); %b = add(%x, %y)`
/// After:  `%a = add(%x, %y); %b = add(%x, %y)`
///
/// Before merging, which then finds both the same.
public struct Canonicalize: GraphPass {
  public static let name = "canonicalize"
  public init() {}

  public func run(_ context: PassContext) throws {
    try context.rewrite(with: [OrderOperands()])
  }
}

/// x and y of a commutative op in order: constants last, then as they were made.
struct OrderOperands: RewriteRule {
  static let name = "order-operands"
  static let ops = OpSelection.types(
    Add.self, Multiply.self, Maximum.self, Minimum.self, And.self, Or.self, Xor.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let (x, y) = (site.operand(0), site.operand(1))
    let isConstant = (site.uniformConstant(x) != nil, site.uniformConstant(y) != nil)
    let isOrdered =
      isConstant.0 == isConstant.1 ? x.id.rawValue <= y.id.rawValue : isConstant.1
    if isOrdered { return nil }
    let swapped = try site.graph.applyAny(site.op, [y, x], site: CallSite())[0]
    guard site.fits(swapped) else { return nil }
    return .replace(swapped, because: "the op is commutative")
  }
}
