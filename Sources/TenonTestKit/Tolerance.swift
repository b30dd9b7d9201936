import TenonGraph
import TenonOps
import TenonTensor

/// How far two results of an op may differ.
///
/// Results agree where |a - b| ≤ `relative`·|b| + `absolute`·s, with s the largest finite magnitude
/// of the expected tensor or 1. NaN agrees with NaN and infinities with themselves; a class that is
/// exact compares bits, any NaN with any other.
public struct Tolerance: Hashable, Sendable {
  public var relative: Double
  public var absolute: Double

  /// What an op does with numbers, found from its lowering.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Moves, compares, selects or converts; integers always.
    case exact
    /// Arithmetic that IEEE 754 rounds correctly.
    case rounded
    /// Functions like exp and sin.
    case transcendental
    /// Sums and products over a domain.
    case accumulated
    /// Several of these in turn.
    case composite
  }

  /// The one table: by kind, for f64, f32, f16 and bf16.
  public static func of(_ kind: Kind, _ element: ElementType) -> Tolerance {
    let unit: Double
    switch element {
    case .f64: unit = 0x1p-53
    case .f32: unit = 0x1p-24
    case .f16: unit = 0x1p-11
    case .bf16: unit = 0x1p-8
    case _ where element.isFloat: return Tolerance(relative: 0.25, absolute: 0)
    default: return Tolerance(relative: 0, absolute: 0)
    }
    switch kind {
    case .exact: return Tolerance(relative: 0, absolute: 0)
    case .rounded: return Tolerance(relative: 2 * unit, absolute: 0)
    // Kernels compute f16 and bf16 in f32, so that these see little of the function's own error.
    case .transcendental: return Tolerance(relative: 8 * unit, absolute: unit * 0x1p-10)
    case .accumulated: return Tolerance(relative: 32 * unit, absolute: 32 * unit)
    case .composite: return Tolerance(relative: 64 * unit, absolute: 64 * unit)
    }
  }

  /// What the op of a node does with numbers.
  public static func kind(of op: any Op, _ site: LoweringSite) -> Kind {
    guard let lowering = op.lowering(site) else {
      return op is any CompositeOp ? .composite : .accumulated
    }
    switch lowering {
    case .compute(let compute):
      if let reduction = compute.reduction {
        switch reduction.combiner {
        case .maximum, .minimum, .and, .or: return kind(of: reduction.program)
        default: return .accumulated
        }
      }
      return kind(of: compute.program)
    case .sort, .place: return .exact
    case .scatter, .prefixScan: return .accumulated
    default: return .composite
    }
  }

  private static func kind(of program: ScalarProgram) -> Kind {
    var kind = Kind.exact
    for (instruction, type) in zip(program.instructions, program.types) where type.isFloat {
      switch instruction {
      case .unary(let function, _):
        switch function {
        case .negate, .abs, .sign, .floor, .ceil, .roundHalfToEven, .roundHalfAwayFromZero: break
        case .squareRoot: if kind == .exact { kind = .rounded }
        default: kind = .transcendental
        }
      case .binary(let function, _, _):
        switch function {
        case .maximum, .minimum: break
        case .power, .arctangent2, .remainder: kind = .transcendental
        default: if kind == .exact { kind = .rounded }
        }
      default: break
      }
    }
    return kind
  }

  /// Where two tensors differ by more, as text; nil where they agree.
  public func difference(_ result: Tensor, _ expected: Tensor) throws -> String? {
    guard result.elementType == expected.elementType, result.shape == expected.shape else {
      return "is \(result.typeDescription), expected \(expected.typeDescription)"
    }
    guard expected.elementType != .string else {
      return result.strings == expected.strings ? nil : "strings differ"
    }
    switch (try result.elements(), try expected.elements()) {
    case (.integers(let a), .integers(let b)):
      return zip(a, b).firstDifference { $0 == $1 }
    case (.floats(let a), .floats(let b)):
      let scale = b.filter(\.isFinite).map(\.magnitude).max() ?? 0
      return zip(a, b).firstDifference { agrees($0, $1, max(scale, 1)) }
    default: return "is of another kind"
    }
  }

  private func agrees(_ a: Double, _ b: Double, _ scale: Double) -> Bool {
    if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
    if relative == 0 && absolute == 0 { return a == b && a.sign == b.sign }
    if a == b { return true }
    return (a - b).magnitude <= relative * b.magnitude + absolute * scale
  }
}

extension Sequence {
  /// Where the elements first disagree: `element 3 is 1.5, expected 2.5 (4 of 10 differ)`.
  fileprivate func firstDifference<A, B>(_ agree: (A, B) -> Bool) -> String?
  where Element == (A, B) {
    var (first, count, total): (String?, Int, Int) = (nil, 0, 0)
    for (a, b) in self {
      if !agree(a, b) {
        if first == nil { first = "element \(total) is \(a), expected \(b)" }
        count += 1
      }
      total += 1
    }
    return first.map { "\($0) (\(count) of \(total) differ)" }
  }
}
