import Glibc

/// One of the storage floats of 8 bits or fewer, as sign, exponent and fraction widths.
///
/// Sources: OCP 8-bit Floating Point Specification 1.0 (`f8e4m3fn`, `f8e5m2`), OCP Microscaling
/// Formats 1.0 (`f4e2m1fn`, `f8e8m0fnu`), and the `fnuz` variants as in StableHLO.
package struct NarrowFloat {
  private let values: [Double]
  private let unsigned: Bool
  private let hasInfinity: Bool
  private let hasNaN: Bool
  private let nanCode: UInt8
  private let count: Int
  /// The code of the largest number; those of the others not negative come before it.
  private let last: Int
  /// Halfway between the largest number and the one that would follow.
  private let overflow: Double

  package init(_ type: ElementType) {
    let (exponentBits, fractionBits, bias, fnuz): (Int, Int, Int, Bool)
    switch type {
    case .f4e2m1fn: (exponentBits, fractionBits, bias, fnuz) = (2, 1, 1, false)
    case .f8e4m3fn: (exponentBits, fractionBits, bias, fnuz) = (4, 3, 7, false)
    case .f8e4m3fnuz: (exponentBits, fractionBits, bias, fnuz) = (4, 3, 8, true)
    case .f8e5m2: (exponentBits, fractionBits, bias, fnuz) = (5, 2, 15, false)
    case .f8e5m2fnuz: (exponentBits, fractionBits, bias, fnuz) = (5, 2, 16, true)
    case .f8e8m0fnu: (exponentBits, fractionBits, bias, fnuz) = (8, 0, 127, false)
    default: preconditionFailure("internal: \(type) is no narrow float")
    }
    unsigned = type == .f8e8m0fnu
    hasInfinity = type == .f8e5m2
    hasNaN = type != .f4e2m1fn
    nanCode = unsigned ? 0xFF : fnuz ? 0x80 : hasInfinity ? 0x7E : 0x7F
    let signBit = exponentBits + fractionBits
    count = 1 << (signBit + (unsigned ? 0 : 1))
    var table: [Double] = []
    for code in 0..<count {
      let exponent = (code >> fractionBits) & ((1 << exponentBits) - 1)
      let fraction = code & ((1 << fractionBits) - 1)
      let sign = !unsigned && code >> signBit & 1 == 1 ? -1.0 : 1.0
      let top = exponent == (1 << exponentBits) - 1
      if unsigned {
        table.append(code == 0xFF ? .nan : scalbn(1.0, Int32(code - bias)))
      } else if fnuz && code == 0x80 {
        table.append(.nan)
      } else if hasInfinity && top {
        table.append(fraction == 0 ? sign * .infinity : .nan)
      } else if type == .f8e4m3fn && top && fraction == 7 {
        table.append(.nan)
      } else {
        let significand = Double(fraction) + (exponent == 0 ? 0 : Double(1 << fractionBits))
        let power = Int32(max(exponent, 1) - bias - fractionBits)
        table.append(sign * scalbn(significand, power))
      }
    }
    values = table
    let codes = unsigned ? count : count / 2
    last = (0..<codes).last { table[$0].isFinite }!
    overflow =
      unsigned ? table[last] * 1.5 : table[last] + (table[last] - table[last - 1]) / 2
  }

  package func decode(_ code: UInt8) -> Double { values[Int(code) & (count - 1)] }

  /// The nearest code, ties to the even code (upward where there is no fraction, as every
  /// significand is odd); past the largest, infinity where there is one, else NaN where there is
  /// one, else the largest. `f8e8m0fnu` has no zero: 0 gives its smallest number.
  package func encode(_ value: Double) -> UInt8 {
    if value.isNaN { return hasNaN ? nanCode : 0 }
    let magnitude = value.magnitude
    if unsigned && value < 0 { return nanCode }
    let lastIsEven = last % 2 == 0 && !unsigned
    var code: Int
    if magnitude > overflow || (magnitude == overflow && !lastIsEven) {
      if hasInfinity {
        code = last + 1
      } else if hasNaN {
        return nanCode
      } else {
        code = last
      }
    } else {
      var low = 0
      var high = last
      while low < high {
        let middle = (low + high + 1) / 2
        if values[middle] <= magnitude { low = middle } else { high = middle - 1 }
      }
      code = low
      if low < last, magnitude > values[low] {
        let below = magnitude - values[low]
        let above = values[low + 1] - magnitude
        if above < below || (above == below && (unsigned || low % 2 == 1)) { code = low + 1 }
      }
    }
    if code == 0 && nanCode == 0x80 { return 0 }
    return UInt8(code | (value.sign == .minus && !unsigned ? count / 2 : 0))
  }
}
