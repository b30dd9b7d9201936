import TenonGraph
import TenonOps
import TenonTensor

// The rules of `SimplifyAlgebra` for conversions.

/// A conversion through a type that holds all values of the first is a conversion of the first.
struct ConvertTwice: RewriteRule {
  static let name = "convert-twice"
  static let ops = OpSelection.types(Convert.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard let (_, node) = site.producer(site.operand(0), as: Convert.self) else { return nil }
    let x = site.operand(0, of: node)
    let (from, through, to) = (
      x.elementType, site.operand(0).elementType, site.result().elementType
    )
    guard through.holdsAll(of: from) else {
      return .refuse(because: "\(through) does not hold every \(from)")
    }
    // From floats integers saturate, from integers they keep their low bits.
    if through.isFloat, from.isInteger, to.isInteger, !to.holdsAll(of: from) {
      return .refuse(because: "\(from) to \(to) wraps, \(through) to \(to) saturates")
    }
    return .replace(try convert(x, to: to), because: "\(through) holds every \(from)")
  }
}

/// A conversion to the type that a value has is the value.
struct ConvertToSame: RewriteRule {
  static let name = "convert-to-same"
  static let ops = OpSelection.types(Convert.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard site.fits(site.operand(0)) else { return nil }
    return .replace(site.operand(0), because: "it already has the type")
  }
}

extension ElementType {
  /// Whether every value of `other` is one of this type.
  func holdsAll(of other: ElementType) -> Bool {
    if self == other { return true }
    if other == .bool { return !isStorageOnly && self != .bool }
    if other.isInteger {
      if isInteger {
        let room = isSignedInteger ? bitWidth - 1 : bitWidth
        let need = other.isSignedInteger ? other.bitWidth - 1 : other.bitWidth
        return room >= need && (isSignedInteger || !other.isSignedInteger)
      }
      let need = other.isSignedInteger ? other.bitWidth - 1 : other.bitWidth
      return significandBits.map { $0 >= need } ?? false
    }
    switch (other, self) {
    case (.f16, .f32), (.f16, .f64), (.bf16, .f32), (.bf16, .f64), (.f32, .f64): return true
    default: return false
    }
  }

  /// The bits of integers that the type holds exactly; nil for types other than f16 … f64.
  private var significandBits: Int? {
    switch self {
    case .f16: 11
    case .bf16: 8
    case .f32: 24
    case .f64: 53
    default: nil
    }
  }
}
