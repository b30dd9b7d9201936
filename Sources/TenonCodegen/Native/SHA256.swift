/// The SHA-256 digest of FIPS 180-4.
package struct SHA256 {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19,
  ]

  private static let constants: [UInt32] = cubeRootFractions()

  /// The 64 lowercase hexadecimal digits of a text's digest.
  package static func hexDigest(_ text: String) -> String {
    var text = text
    return text.withUTF8 { hexDigest(UnsafeRawBufferPointer($0)) }
  }

  /// The 64 lowercase hexadecimal digits of the digest of bytes.
  package static func hexDigest(_ bytes: UnsafeRawBufferPointer) -> String {
    var hash = SHA256()
    let whole = bytes.count / 64
    for block in 0..<whole {
      hash.update(UnsafeRawBufferPointer(rebasing: bytes[block * 64..<block * 64 + 64]))
    }
    var tail = Array(bytes[(whole * 64)...])
    tail.append(0x80)
    while tail.count % 64 != 56 { tail.append(0) }
    let bits = UInt64(bytes.count) * 8
    for shift in stride(from: 56, through: 0, by: -8) {
      tail.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
    }
    tail.withUnsafeBytes { tail in
      for block in 0..<tail.count / 64 {
        hash.update(UnsafeRawBufferPointer(rebasing: tail[block * 64..<block * 64 + 64]))
      }
    }
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for word in hash.state {
      for shift in stride(from: 28, through: 0, by: -4) {
        text.append(digits[Int(word >> UInt32(shift) & 15)])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func update(_ block: UnsafeRawBufferPointer) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
      for place in 0..<16 {
        words[place] = UInt32(
          bigEndian: block.loadUnaligned(fromByteOffset: place * 4, as: UInt32.self))
      }
      for place in 16..<64 {
        let a = words[place - 15]
        let b = words[place - 2]
        let first = rotated(a, 7) ^ rotated(a, 18) ^ (a >> 3)
        let second = rotated(b, 17) ^ rotated(b, 19) ^ (b >> 10)
        words[place] = words[place - 16] &+ first &+ words[place - 7] &+ second
      }
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      var (e, f, g, h) = (state[4], state[5], state[6], state[7])
      SHA256.constants.withUnsafeBufferPointer { constants in
        for place in 0..<64 {
          let sum = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
          let choice = (e & f) ^ (~e & g)
          let first = h &+ sum &+ choice &+ constants[place] &+ words[place]
          let other = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
          let majority = (a & b) ^ (a & c) ^ (b & c)
          (h, g, f, e) = (g, f, e, d &+ first)
          (d, c, b, a) = (c, b, a, first &+ other &+ majority)
        }
      }
      for (place, value) in [a, b, c, d, e, f, g, h].enumerated() { state[place] &+= value }
    }
  }

  @inline(__always)
  private func rotated(_ value: UInt32, _ bits: UInt32) -> UInt32 {
    value >> bits | value << (32 - bits)
  }

  /// The first 32 bits of the fractions of the cube roots of the first 64 primes.
  private static func cubeRootFractions() -> [UInt32] {
    var result: [UInt32] = []
    var candidate = 2
    while result.count < 64 {
      if (2..<candidate).allSatisfy({ $0 * $0 > candidate || candidate % $0 != 0 }) {
        result.append(cubeRootFraction(candidate))
      }
      candidate += 1
    }
    return result
  }

  /// The largest x with x^3 <= prime * 2^96, found bit by bit, without its whole part.
  private static func cubeRootFraction(_ prime: Int) -> UInt32 {
    var root: UInt64 = 0
    for bit in stride(from: 34, through: 0, by: -1) {
      let next = root | 1 << UInt64(bit)
      if cubeIsAtMost(next, prime) { root = next }
    }
    return UInt32(truncatingIfNeeded: root)
  }

  private static func cubeIsAtMost(_ value: UInt64, _ prime: Int) -> Bool {
    let square = value.multipliedFullWidth(by: value)
    let low = square.low.multipliedFullWidth(by: value)
    let high = square.high * value + low.high
    let bound = UInt64(prime) << 32
    return high < bound || (high == bound && low.low == 0)
  }
}
