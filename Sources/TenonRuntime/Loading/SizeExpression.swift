import CTenonKernels
import TenonTensor

/// Postfix code of size expressions for the run loop, equal expressions once.
struct SizeExpressions: Sendable {
  private(set) var code: [Int64] = []
  private(set) var count = 0
  /// Numbers that evaluating any of them needs on the stack.
  private(set) var stackDepth = 1
  private var known: [Dimension: Int] = [:]
  private let symbols: [Symbol]

  /// Expressions over `symbols`, which the code calls by their places.
  init(symbols: [Symbol]) { self.symbols = symbols }

  /// The index of `size`'s code among the expressions.
  mutating func index(of size: Dimension) -> Int {
    if let index = known[size] { return index }
    stackDepth = max(stackDepth, append(size))
    code.append(Int64(tenon_size_end))
    known[size] = count
    count += 1
    return count - 1
  }

  /// Appends code that leaves `size` on the stack; returns the depth it needs.
  private mutating func append(_ size: Dimension) -> Int {
    code += [Int64(tenon_size_constant), Int64(size.constantPart)]
    var depth = 1
    for term in size.terms {
      code += [Int64(tenon_size_constant), Int64(term.coefficient)]
      depth = max(depth, 2)
      for factor in term.factors {
        depth = max(depth, 2 + append(factor))
        code.append(Int64(tenon_size_multiply))
      }
      code.append(Int64(tenon_size_add))
    }
    return depth
  }

  private mutating func append(_ atom: Dimension.Atom) -> Int {
    switch atom {
    case .symbol(let symbol):
      guard let place = symbols.firstIndex(of: symbol) else {
        preconditionFailure("internal: symbol \(symbol) is not one of the plan's running symbols")
      }
      code += [Int64(tenon_size_symbol), Int64(place)]
      return 1
    case .floorDivide(let a, let b): return append(a, b, Int64(tenon_size_floor_divide))
    case .remainder(let a, let b): return append(a, b, Int64(tenon_size_remainder))
    case .minimum(let a, let b): return append(a, b, Int64(tenon_size_minimum))
    case .maximum(let a, let b): return append(a, b, Int64(tenon_size_maximum))
    }
  }

  private mutating func append(_ a: Dimension, _ b: Dimension, _ operation: Int64) -> Int {
    let depth = append(a)
    let other = append(b)
    code.append(operation)
    return max(depth, 1 + other)
  }
}
