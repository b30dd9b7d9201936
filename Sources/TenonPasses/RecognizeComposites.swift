import TenonGraph
import TenonOps
import TenonTensor

/// Finds what exporters write instead of a composite op and records the composite again.
///
/// Before:
///
///     %a = erf(divide(%x, 1.4142135))
///     %y = multiply(multiply(%x, add(%a, 1)), 0.5)
///
/// After:
///
///     %y = gelu(%x)
///
/// So are found: GELU by erf and by tanh; layer and root-mean-square normalization over the last
/// axes; and attention, softmax(scale · Q Kᵀ + mask) V, where a row that sees nothing gives zeros as
/// the op does. Results differ by rounding.
///
/// Before passes that look for composites or open them.
public struct RecognizeComposites: GraphPass {
  public static let name = "recognize-composites"
  public init() {}

  public func run(_ context: PassContext) throws {
    try context.rewrite(with: [
      DecomposedGelu(), DecomposedNormalization(), ScaledNormalization(), DecomposedAttention(),
    ])
  }
}

/// 0.5 x (1 + erf(x / √2)), or by tanh, in any order of the factors.
struct DecomposedGelu: RewriteRule {
  static let name = "decomposed-gelu"
  static let ops = OpSelection.types(Multiply.self, Divide.self)
  static let isExact = false

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let x = site.result()
    guard x.elementType.isFloat, let product = site.product(x), product.leaves.count == 2,
      site.isNear(product.factor, 0.5, x)
    else { return nil }
    for (position, leaf) in product.leaves.enumerated() {
      let other = product.leaves[1 - position]
      guard let inner = site.oneMore(than: leaf), let node = site.producer(inner) else { continue }
      switch site.graph.op(node) {
      case is ErrorFunction:
        guard let argument = site.product(site.operand(0, of: node)),
          argument.leaves.map(\.id) == [other.id],
          site.isNear(argument.factor, 0.5.squareRoot(), x)
        else { continue }
        return .replace(try gelu(other), because: "x (1 + erf(x / √2)) / 2 is GELU")
      case is HyperbolicTangent:
        guard site.isTanhArgument(site.operand(0, of: node), of: other) else { continue }
        return .replace(
          try gelu(other, isApproximate: true),
          because: "x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 is GELU by tanh")
      default: continue
      }
    }
    return nil
  }
}

extension RewriteSite {
  /// Whether a value is √(2/π) (y + 0.044715 y³).
  fileprivate func isTanhArgument(_ value: Value, of y: Value) -> Bool {
    guard let outer = product(value), isNear(outer.factor, (2 / Double.pi).squareRoot(), y) else {
      return false
    }
    /// Whether a value is 0.044715 times y to a power.
    func isTerm(_ value: Value, _ power: Int) -> Bool {
      guard let term = product(value), isNear(term.factor, 0.044715, y) else { return false }
      var found = 0
      for leaf in term.leaves {
        guard let own = self.power(of: leaf, y) else { return false }
        found += own
      }
      return found == power
    }
    switch outer.leaves.count {
    case 1:
      guard let (_, node) = producer(outer.leaves[0], as: Add.self) else { return false }
      let terms = [operand(0, of: node), operand(1, of: node)]
      return terms[0].id == y.id && isTerm(terms[1], 3)
        || terms[1].id == y.id && isTerm(terms[0], 3)
    case 2:
      guard let place = outer.leaves.firstIndex(where: { $0.id == y.id }),
        let inner = oneMore(than: outer.leaves[1 - place])
      else { return false }
      return isTerm(inner, 2)
    default: return false
    }
  }

  /// The n of a value that is y to the power n, 1 for y itself; nil for another value.
  private func power(of value: Value, _ y: Value) -> Int? {
    if value.id == y.id { return 1 }
    guard let (_, node) = producer(value, as: Power.self), operand(0, of: node).id == y.id,
      case .float(let number)? = uniformConstant(operand(1, of: node)), (2...3).contains(number)
    else { return nil }
    return number == 2 ? 2 : number == 3 ? 3 : nil
  }
}

/// A product as a number and the values that it multiplies.
struct FactoredProduct {
  var factor: Double
  /// In the order in which they are met; a square counts twice.
  var leaves: [Value]
}

extension RewriteSite {
  /// A value's factors, numbers taken together; nil where there are more than a few.
  func product(_ value: Value) -> FactoredProduct? {
    var result = FactoredProduct(factor: 1, leaves: [])
    var open = [value]
    while let next = open.popLast() {
      if let (_, node) = producer(next, as: Multiply.self) {
        for side in [1, 0] {
          let factor = operand(side, of: node)
          if let number = number(factor) {
            result.factor *= number
          } else {
            open.append(factor)
          }
        }
      } else if let (_, node) = producer(next, as: Divide.self),
        let number = number(operand(1, of: node)), number != 0
      {
        result.factor /= number
        open.append(operand(0, of: node))
      } else {
        result.leaves.append(next)
      }
      if open.count + result.leaves.count > 4 { return nil }
    }
    return result
  }

  /// The number that every element of a float constant is.
  func number(_ value: Value) -> Double? {
    guard case .float(let number)? = uniformConstant(value) else { return nil }
    return number
  }

  /// The value to which a sum adds 1.
  func oneMore(than value: Value) -> Value? {
    guard let (_, node) = producer(value, as: Add.self) else { return nil }
    for side in [0, 1] where number(operand(side, of: node)) == 1 {
      return operand(1 - side, of: node)
    }
    return nil
  }

  /// Whether a number is another one as the value's type holds it, in one or two roundings.
  func isNear(_ number: Double, _ other: Double, _ value: Value) -> Bool {
    let digits: Double
    switch value.elementType {
    case .bf16: digits = 1.0 / 128
    case .f16: digits = 1.0 / 1024
    default: digits = 1e-6
    }
    return abs(number - other) <= digits * abs(other)
  }
}
