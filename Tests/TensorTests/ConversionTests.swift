import TenonTensor
import Testing

@Suite struct ConversionTests {
  func codes(_ type: ElementType, _ values: [Double]) throws -> [UInt8] {
    try Tensor(type, shape: [values.count], doubles: values).withUnsafeBytes { Array($0) }
  }

  /// Values and, as ml_dtypes 0.6 gives them, the codes of f8e4m3fn, f8e4m3fnuz, f8e5m2, f8e5m2fnuz
  /// and f4e2m1fn.
  static let narrow: [(Double, [UInt8])] = [
    (0, [0x00, 0x00, 0x00, 0x00, 0x0]), (-0.0, [0x80, 0x00, 0x80, 0x00, 0x8]),
    (1.0 / 3, [0x2B, 0x33, 0x35, 0x39, 0x1]), (0.1, [0x1D, 0x25, 0x2E, 0x32, 0x0]),
    (1, [0x38, 0x40, 0x3C, 0x40, 0x2]), (1.0625, [0x38, 0x40, 0x3C, 0x40, 0x2]),
    (1.1875, [0x3A, 0x42, 0x3D, 0x41, 0x2]), (-2.6, [0xC2, 0xCA, 0xC1, 0xC5, 0xD]),
    (17, [0x58, 0x60, 0x4C, 0x50, 0x7]), (19, [0x5A, 0x62, 0x4D, 0x51, 0x7]),
    (240, [0x77, 0x7F, 0x5C, 0x60, 0x7]), (247.9, [0x77, 0x7F, 0x5C, 0x60, 0x7]),
    (248, [0x78, 0x80, 0x5C, 0x60, 0x7]), (300, [0x79, 0x80, 0x5D, 0x61, 0x7]),
    (448, [0x7E, 0x80, 0x5F, 0x63, 0x7]), (464, [0x7E, 0x80, 0x5F, 0x63, 0x7]),
    (464.1, [0x7F, 0x80, 0x5F, 0x63, 0x7]), (1e4, [0x7F, 0x80, 0x71, 0x75, 0x7]),
    (57344, [0x7F, 0x80, 0x7B, 0x7F, 0x7]), (61439, [0x7F, 0x80, 0x7B, 0x7F, 0x7]),
    (61440, [0x7F, 0x80, 0x7C, 0x80, 0x7]), (.infinity, [0x7F, 0x80, 0x7C, 0x80, 0x7]),
    (0x1p-7, [0x04, 0x08, 0x20, 0x24, 0x0]), (0x1p-9, [0x01, 0x02, 0x18, 0x1C, 0x0]),
    (0x1p-10, [0x00, 0x01, 0x14, 0x18, 0x0]), (0x1.008p-10, [0x01, 0x01, 0x14, 0x18, 0x0]),
    (0x1p-16, [0x00, 0x00, 0x01, 0x02, 0x0]), (0x1p-17, [0x00, 0x00, 0x00, 0x01, 0x0]),
    (0x1.8p-17, [0x00, 0x00, 0x01, 0x02, 0x0]), (0x1p-18, [0x00, 0x00, 0x00, 0x00, 0x0]),
    (1e-30, [0x00, 0x00, 0x00, 0x00, 0x0]),
  ]
  static let narrowTypes: [ElementType] = [.f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz, .f4e2m1fn]

  @Test(arguments: narrow) func narrowFloatsRoundAsOthersDo(value: Double, expected: [UInt8]) throws
  {
    for (type, code) in zip(Self.narrowTypes, expected) {
      #expect(try codes(type, [value]) == [code], "\(type)")
    }
  }

  @Test func narrowFloatsRoundOnce() throws {
    // Just above a tie: through f32 it would become the tie and go down.
    let above = 1.0625 + 0x1p-40
    #expect(try codes(.f8e4m3fn, [1.0625, above]) == [0x38, 0x39])
    #expect(try codes(.f8e5m2, [1.125, 1.125 + 0x1p-40]) == [0x3C, 0x3D])
  }

  @Test func narrowNaNs() throws {
    #expect(try codes(.f8e4m3fn, [.nan]) == [0x7F])
    #expect(try codes(.f8e5m2, [.nan]) == [0x7E])
    #expect(try codes(.f8e4m3fnuz, [.nan]) == [0x80])
    #expect(try codes(.f8e5m2fnuz, [.nan]) == [0x80])
    #expect(try codes(.f8e8m0fnu, [.nan]) == [0xFF])
    #expect(try codes(.f4e2m1fn, [.nan]) == [0])
    #expect(try codes(.f8e5m2, [-.infinity]) == [0xFC])
  }

  @Test func exponentsAlone() throws {
    let expected: [(Double, UInt8)] = [
      (1, 0x7F), (1.49, 0x7F), (1.5, 0x80), (2, 0x80), (3, 0x81), (6, 0x82), (1.0 / 3, 0x7D),
      (1e4, 0x8C), (0x1p-127, 0), (0x1p127, 0xFE), (0x1.7fp127, 0xFE), (0x1.8p127, 0xFF),
      (-1, 0xFF), (.infinity, 0xFF), (0, 0), (-0.0, 0),
    ]
    for (value, code) in expected {
      #expect(try codes(.f8e8m0fnu, [value]) == [code], "\(value)")
    }
    let decoded = try Tensor(.f8e8m0fnu, shape: [3]) {
      $0.copyBytes(from: [0, 127, 254] as [UInt8])
    }
    #expect(try decoded.doubles() == [0x1p-127, 1, 0x1p127])
  }

  @Test func fourBitFloats() throws {
    let all = try Tensor(.f4e2m1fn, shape: [16]) { bytes in
      for code in 0..<16 { bytes[code] = UInt8(code) }
    }
    let positive = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    #expect(try all.doubles() == positive + positive.map { -$0 })
    #expect(try codes(.f4e2m1fn, [0.25, 0.75, 2.5, 3.5, 5]) == [0, 2, 4, 6, 6])
  }

  @Test(arguments: [
    (ElementType.f8e4m3fn, 4, 7), (.f8e4m3fnuz, 4, 8), (.f8e5m2, 5, 15), (.f8e5m2fnuz, 5, 16),
  ])
  func everyCodeIsWhatTheFormatSays(type: ElementType, exponentBits: Int, bias: Int) throws {
    let all = try Tensor(type, shape: [256]) { bytes in
      for code in 0..<256 { bytes[code] = UInt8(code) }
    }
    let fractionBits = 7 - exponentBits
    for (code, value) in try all.doubles().enumerated() {
      let exponent = code >> fractionBits & (1 << exponentBits - 1)
      let fraction = code & (1 << fractionBits - 1)
      let isTop = exponent == 1 << exponentBits - 1
      let magnitude =
        exponent == 0
        ? Double(sign: .plus, exponent: 1 - bias - fractionBits, significand: 1) * Double(fraction)
        : Double(
          sign: .plus, exponent: exponent - bias,
          significand: 1 + Double(fraction) / Double(1 << fractionBits))
      let expected: Double
      switch type {
      case .f8e4m3fnuz, .f8e5m2fnuz: expected = code == 0x80 ? .nan : magnitude
      case .f8e4m3fn: expected = isTop && fraction == 7 ? .nan : magnitude
      default: expected = !isTop ? magnitude : fraction == 0 ? .infinity : .nan
      }
      if expected.isNaN {
        #expect(value.isNaN, "code \(code)")
        continue
      }
      #expect(value == (code < 128 ? expected : -expected), "code \(code)")
      #expect(try codes(type, [value]) == [UInt8(code)])
    }
  }

  @Test func halfPrecision() throws {
    let expected: [(Double, UInt16)] = [
      (0, 0), (-0.0, 0x8000), (1.0 / 3, 0x3555), (0.1, 0x2E66), (65504, 0x7BFF), (65519.99, 0x7BFF),
      (65520, 0x7C00), (-1e300, 0xFC00), (1 + 0x1p-11, 0x3C00), (1 + 0x3p-11, 0x3C02),
      (1 + 0x1p-11 + 0x1p-40, 0x3C01), (0x1p-24, 1), (0x1p-25, 0), (0x1.0001p-25, 1),
      (0x1p-25 + 0x1p-60, 1), (0x1.8p-24, 2), (0x1p-14, 0x400), (-.infinity, 0xFC00),
    ]
    for (value, bits) in expected {
      let tensor = try Tensor(.f16, shape: [], doubles: [value])
      #expect(try tensor.scalar(as: Float16.self).bitPattern == bits, "\(value)")
    }
    #expect(try Tensor(.f16, shape: [], doubles: [.nan]).scalar(as: Float16.self).isNaN)
  }

  @Test func brainFloat() throws {
    let expected: [(Double, UInt16)] = [
      (0, 0), (-0.0, 0x8000), (1.0 / 3, 0x3EAB), (0.1, 0x3DCD), (1 + 0x1p-8, 0x3F80),
      (1 + 0x3p-8, 0x3F82), (1 + 0x1p-8 + 0x1p-40, 0x3F81), (-1 - 0x1p-8 - 0x1p-40, 0xBF81),
      (1 + 0x3p-8 - 0x1p-40, 0x3F81), (0x1.fep127, 0x7F7F), (0x1.fefffffp127, 0x7F7F),
      (0x1.ffp127, 0x7F80), (1e300, 0x7F80), (-1e300, 0xFF80), (0x1p-133, 1), (0x1p-134, 0),
      (0x1p-134 + 0x1p-180, 1), (-0x1p-134 - 0x1p-180, 0x8001), (0x1p-160, 0), (1e-300, 0),
      (.infinity, 0x7F80), (464, 0x43E8), (464.1, 0x43E8),
    ]
    for (value, bits) in expected {
      #expect(BFloat16(value).bitPattern == bits, "\(value)")
    }
    #expect(BFloat16(Double.nan).float.isNaN)
    #expect(BFloat16(Float(bitPattern: 0x7F80_0001)).bitPattern == 0x7FC0)
    #expect(BFloat16(Float(bitPattern: 0xFFFF_FFFF)).bitPattern == 0xFFFF)
  }

  @Test func floatsToIntegersSaturate() throws {
    let values: [Double] = [
      .nan, .infinity, -.infinity, 1e30, -1e30, 127.9, 128, -128.9, -129, 255.9, 256, -0.9, 2.7,
      -2.7,
    ]
    func converted(_ type: ElementType) throws -> [Int64] {
      try Tensor(values).converted(to: type).integers()
    }
    #expect(
      try converted(.i8) == [0, 127, -128, 127, -128, 127, 127, -128, -128, 127, 127, 0, 2, -2])
    #expect(try converted(.u8) == [0, 255, 0, 255, 0, 127, 128, 0, 0, 255, 255, 0, 2, 0])
    #expect(try converted(.i4) == [0, 7, -8, 7, -8, 7, 7, -8, -8, 7, 7, 0, 2, -2])
    #expect(try converted(.u2) == [0, 3, 0, 3, 0, 3, 3, 0, 0, 3, 3, 0, 2, 0])
    #expect(
      try converted(.i64).prefix(5) == [0, .max, .min, .max, .min])
    #expect(
      try Tensor(values).converted(to: .u64).scalars(as: UInt64.self).prefix(5)
        == [0, .max, 0, .max, 0])
    #expect(try converted(.bool) == [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    #expect(
      try Tensor([0.0, -0.0, .leastNonzeroMagnitude]).converted(to: .bool).integers() == [0, 0, 1])
    let edges = Tensor([0x1p63, -0x1p63, 0x1.fffffffffffffp62, 0x1p64, 0x1.fffffffffffffp63])
    #expect(
      try edges.converted(to: .i64).integers()
        == [.max, .min, 9_223_372_036_854_774_784, .max, .max])
    #expect(
      try edges.converted(to: .u64).scalars(as: UInt64.self) == [
        1 << 63, 0, 9_223_372_036_854_774_784, .max, 18_446_744_073_709_549_568,
      ])
    #expect(
      try Tensor([Float16.infinity, -.infinity, .nan]).converted(to: .i16).scalars()
        == [32767, -32768, 0] as [Int16])
  }

  @Test func integersKeepTheirLowBits() throws {
    let values = Tensor([300, -1, 1 << 40 | 5, Int.min])
    #expect(try values.converted(to: .i8).integers() == [44, -1, 5, 0])
    #expect(try values.converted(to: .u8).integers() == [44, 255, 5, 0])
    #expect(try values.converted(to: .i4).integers() == [-4, -1, 5, 0])
    #expect(try values.converted(to: .u2).integers() == [0, 3, 1, 0])
    #expect(
      try values.converted(to: .u64).scalars(as: UInt64.self)
        == [300, .max, 1 << 40 | 5, 1 << 63])
    #expect(try values.converted(to: .bool).scalars() == [true, true, true, true])
    #expect(try Tensor([true, false]).converted(to: .i32).scalars() == [1, 0] as [Int32])
    #expect(try Tensor([UInt64.max]).converted(to: .i64).scalars() == [-1])
  }

  @Test func integersToFloatsRoundOnce() throws {
    // Just above a tie of f32: through f64 it would become the tie and go down.
    let above = 1 << 62 + 1 << 38 + 1
    #expect(try Tensor([above]).converted(to: .f32).scalars() == [0x1.000002p62] as [Float])
    #expect(try Tensor([-above]).converted(to: .f32).scalars() == [-0x1.000002p62] as [Float])
    #expect(
      try Tensor([1 << 24 + 1, 1 << 24 + 3]).converted(to: .f32).scalars()
        == [16_777_216, 16_777_220] as [Float])
    #expect(
      try Tensor([1 << 53 + 1, Int.max, Int.min]).converted(to: .f64).scalars()
        == [0x1p53, 0x1p63, -0x1p63])
    #expect(try Tensor([UInt64.max]).converted(to: .f32).scalars() == [0x1p64] as [Float])
    #expect(try Tensor([UInt64.max]).converted(to: .f64).scalars() == [0x1p64])
    #expect(
      try Tensor([257, 259, Int.max]).converted(to: .bf16).doubles() == [256, 260, 0x1p63])
    #expect(
      try Tensor([2049, 2051, 70_000, -70_000]).converted(to: .f16).doubles()
        == [2048, 2052, .infinity, -.infinity])
    #expect(try Tensor([UInt8(255)]).converted(to: .f8e4m3fn).doubles() == [256])
  }

  @Test func floatsToFloatsKeepNaNAndMinusZero() throws {
    for type in [ElementType.f64, .f32, .f16, .bf16, .f8e5m2, .f8e4m3fn] {
      let converted = try Tensor([Double.nan, -0.0, -1]).converted(to: type).doubles()
      #expect(converted[0].isNaN)
      #expect(converted[1] == 0 && converted[1].sign == .minus)
      #expect(converted[2] == -1)
    }
  }

  /// Widening is exact: every f16 and every bf16 comes back from f64.
  @Test func everySixteenBitFloatComesBack() throws {
    let halves = (0...UInt16.max).map { Float16(bitPattern: $0) }.filter { !$0.isNaN }
    let half = Tensor(halves)
    #expect(try half.converted(to: .f64).converted(to: .f16).isIdentical(to: half))
    let brains = (0...UInt16.max).map { BFloat16(bitPattern: $0) }.filter { !$0.float.isNaN }
    let brain = Tensor(brains)
    #expect(try brain.converted(to: .f64).converted(to: .bf16).isIdentical(to: brain))
  }

  @Test func convertingToItsOwnTypeKeepsTheBits() throws {
    let tensor = try Tensor(.f32, shape: [1]) { $0.copyBytes(from: [1, 0, 0x80, 0x7F] as [UInt8]) }
    #expect(try tensor.converted(to: .f32).isIdentical(to: tensor))
  }
}
