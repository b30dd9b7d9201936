import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// Conversions between all element types, against `Tensor.converted(to:)`.
@Suite struct ConversionKernelTests {
  static let types = ElementType.allCases.filter { !$0.isComplex && $0 != .string }

  /// Special and random bit patterns; all of them for types of 8 bits or fewer.
  static func input(_ type: ElementType) throws -> Tensor {
    var generator = SeededGenerator(11)
    var bits: [UInt64]
    if type.bitWidth <= 8 {
      bits = type == .bool ? [0, 1] : (0..<(1 << UInt64(type.bitWidth))).map { $0 }
    } else {
      bits = (0..<2000).map { _ in generator.next() }
      if type.isFloat {
        let numbers: [Double] = [
          0, -0.0, 1, -1, .infinity, -.infinity, .nan, 65504, 65519.99, 65520, 65536, 5.9e-8,
          2.9e-8, 3e-8, 448, 464, 465, 480, 240, 248, 57344, 61440, 61441, 127.5, 128, -128.5,
          -129, 255.5, 256, 32767.5, 65535.5, 2147483647, 2147483648, -2147483649, 4294967296,
          9.3e18, -9.3e18, 1.9e19, 1e30, -1e30, 0.5, 1.5, 2.5, 0x1.01p0, 0x1.03p0, 0x1.008p0,
          1.00390625, 0x1.0100000001p0, 0x1.00ffffffffp0, 0x1.002p0, 0x1.00200000001p0, 6, 7, 5,
          5.1, 1e-39, 1e-46, 0x1.8p-127, 0x1.cp-127, 0x1.8p127,
        ]
        bits += try Tensor(type, shape: [numbers.count], doubles: numbers).bitPatterns()
        // Numbers of middling size too, by cutting the exponents.
        let middling = (0..<2000).map { _ in
          Double(Int64(bitPattern: generator.next()) >> 20) * 0x1p-34
        }
        bits += try Tensor(type, shape: [2000], doubles: middling).bitPatterns()
      } else {
        bits += [0, 1, 0xFFFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0x7FFF_FFFF_FFFF_FFFF]
        bits += (0..<64).flatMap { [1 << $0, (1 << $0) + 1, (1 << $0) &* 3] }
        bits += (0..<500).map { _ in generator.next() >> (generator.next() % 64) }
        bits += [(1 << 53) + 1, (1 << 24) + 1, (1 << 62) + (1 << 53), (257 << 40) + 1]
      }
    }
    return try Tensor(type, shape: [bits.count]) { bytes in
      for (place, pattern) in bits.enumerated() {
        for byte in 0..<type.byteWidth {
          bytes[place * type.byteWidth + byte] = UInt8(
            truncatingIfNeeded: pattern >> (8 * UInt64(byte)))
        }
      }
    }
  }

  @Test(arguments: NativeRun.targets)
  func allPairs(target: Target) throws {
    var cases: [(ElementType, ElementType, KernelGroup, Tensor)] = []
    for from in ConversionKernelTests.types {
      let input = try ConversionKernelTests.input(from)
      for to in ConversionKernelTests.types where to != from {
        let group = KernelGroup.elementwise([from], [Dimension(input.elementCount)]) {
          $0.add(.convert($1[0]), to)
        }
        cases.append((from, to, group, input))
      }
    }
    let compiler = KernelCompiler(target: target, cache: NativeRun.cache)
    let kernels = try compiler.compile(cases.map(\.2))
    for (kernel, (from, to, group, input)) in zip(kernels, cases) {
      let found = try NativeRun.run(kernel, inputs: [input], outputs: group.outputs)[0]
      let expected = try input.converted(to: to)
      let numbers = zip(try found.laneNumbers(), try expected.laneNumbers())
      for (place, (got, want)) in numbers.enumerated() where !got.agrees(with: want) {
        let value = try input.laneNumbers()[place]
        Issue.record("\(target.name) \(from) to \(to) of \(value): \(got), not \(want)")
        break
      }
    }
  }
}

extension Tensor {
  fileprivate func bitPatterns() throws -> [UInt64] {
    let width = elementType.byteWidth
    return withUnsafeBytes { bytes in
      (0..<elementCount).map { place in
        (0..<width).reduce(0) { $0 | UInt64(bytes[place * width + $1]) << UInt64(8 * $1) }
      }
    }
  }
}
