import TenonTensor
import Testing

@Suite struct ElementTypeTests {
  @Test func namesComeBack() {
    #expect(
      ElementType.allCases.map(\.name) == [
        "bool", "i2", "u2", "i4", "u4", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64",
        "f4e2m1fn", "f8e4m3fn", "f8e4m3fnuz", "f8e5m2", "f8e5m2fnuz", "f8e8m0fnu", "f16", "bf16",
        "f32", "f64", "complex64", "complex128", "string",
      ])
    for type in ElementType.allCases { #expect(ElementType(name: type.name) == type) }
    #expect(ElementType(name: "float32") == nil)
    #expect(ElementType(name: "") == nil)
  }

  @Test func widths() {
    #expect(
      ElementType.allCases.map(\.bitWidth) == [
        8, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 4, 8, 8, 8, 8, 8, 16, 16, 32, 64, 64, 128, 0,
      ])
    #expect(
      ElementType.allCases.map(\.byteWidth) == [
        1, 1, 1, 1, 1, 1, 1, 2, 2, 4, 4, 8, 8, 1, 1, 1, 1, 1, 1, 2, 2, 4, 8, 8, 16, 0,
      ])
  }

  @Test func families() {
    #expect(ElementType.floats == [.f16, .bf16, .f32, .f64])
    #expect(ElementType.integers == [.i8, .u8, .i16, .u16, .i32, .u32, .i64, .u64])
    #expect(
      ElementType.arithmetic
        == [.bool, .i8, .u8, .i16, .u16, .i32, .u32, .i64, .u64, .f16, .bf16, .f32, .f64])
    #expect(
      ElementType.allCases.filter { $0.computeType != $0 } == [
        .f4e2m1fn, .f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz, .f8e8m0fnu, .f16, .bf16,
      ])
  }

  @Test func rangesOfIntegers() {
    let ranges: [(ElementType, Int64, Int64?)] = [
      (.bool, 0, 1), (.i2, -2, 1), (.u2, 0, 3), (.i4, -8, 7), (.u4, 0, 15), (.i8, -128, 127),
      (.u8, 0, 255), (.i16, -32768, 32767), (.u16, 0, 65535), (.i32, -2_147_483_648, 2_147_483_647),
      (.u32, 0, 4_294_967_295), (.i64, .min, .max), (.u64, 0, nil),
    ]
    for (type, low, high) in ranges {
      #expect(type.minimumInteger == low)
      #expect(type.maximumInteger == high)
    }
  }
}
