import Tenon

/// Replaces x / (1 / y) by x * y, which is faster and rounds once less.
///
/// Before: `%r = divide(%one, %y); %z = divide(%x, %r)`
/// After:  `%z = multiply(%x, %y)`
///
/// The results differ in the last bit, so this is a pass for those who want it.
struct MultiplyByReciprocal: GraphPass {
  static let name = "multiply-by-reciprocal"

  func run(_ context: PassContext) throws {
    try context.rewrite(with: [DivideByReciprocal()])
  }
}

struct DivideByReciprocal: RewriteRule {
  static let name = "divide-by-reciprocal"
  static let ops = OpSelection.types(Divide.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let (_, reciprocal) = site.producer(site.operand(1), as: Divide.self),
      isOne(site.operand(0, of: reciprocal), site)
    else { return nil }
    let product = try site.operand(0) * site.operand(1, of: reciprocal)
    return .replace(product, because: "x / (1 / y) is x * y")
  }

  /// Whether a value is the constant 1, possibly broadcast.
  private func isOne(_ value: Value, _ site: RewriteSite) -> Bool {
    var value = value
    if let (_, node) = site.producer(value, as: BroadcastInDim.self) {
      value = site.operand(0, of: node)
    }
    guard let (constant, _) = site.producer(value, as: Constant.self) else { return false }
    return (try? constant.value.tensor.doubles()) == [1]
  }
}
