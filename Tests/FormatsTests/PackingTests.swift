import TenonFormats
import TenonTensor
import Testing

@Suite struct PackingTests {
  static let narrow = ElementType.allCases.filter { $0.bitWidth > 0 && $0.bitWidth < 8 }

  @Test(arguments: narrow, [[], [1], [7], [3, 5], [0, 4]])
  func packedBitsComeBack(type: ElementType, shape: [Int]) throws {
    let tensor = try SampleTensors.tensor(type, shape: shape)
    let packed = try tensor.packedBits()
    #expect(packed.elementType == .u8)
    #expect(packed.shape == [(tensor.elementCount * type.bitWidth + 7) / 8])
    #expect(try Tensor(packedBits: packed, type, shape: shape).isIdentical(to: tensor))
  }

  @Test func firstElementsTakeTheLowBits() throws {
    let fours = try Tensor(.i4, shape: [3], integers: [1, -2, 7])
    #expect(try fours.packedBits().scalars() == [0xE1, 0x07] as [UInt8])
    let twos = try Tensor(.u2, shape: [5], integers: [3, 0, 1, 2, 1])
    #expect(try twos.packedBits().scalars() == [0b1001_0011, 1] as [UInt8])
  }

  @Test func stringBytesComeBack() throws {
    for shape in [[], [4], [2, 3], [0]] {
      let tensor = try SampleTensors.tensor(.string, shape: shape)
      let bytes = try tensor.stringBytes()
      #expect(try Tensor(stringBytes: bytes, shape: shape).isIdentical(to: tensor))
    }
    let text = try Tensor(strings: ["a\"", "ß"], shape: [2]).stringBytes()
    #expect(String(decoding: try text.scalars(as: UInt8.self), as: UTF8.self) == #"["a\"","ß"]"#)
  }

  @Test func refuses() throws {
    func refusal(_ body: () throws -> Tensor) -> TenonError? {
      do {
        _ = try body()
        return nil
      } catch { return error as? TenonError }
    }
    let bytes = Tensor([1, 2] as [UInt8])
    #expect(
      refusal { try bytes.packedBits() }
        == TenonError("element-type", "packed bits: only types under 8 bits are packed, not u8"))
    #expect(
      refusal { try Tensor(packedBits: bytes, .string, shape: [4]) }
        == TenonError("element-type", "packed bits: only types under 8 bits are packed, not string")
    )
    #expect(
      refusal { try Tensor(packedBits: Tensor([1, 2] as [Int8]), .i4, shape: [4]) }
        == TenonError("element-type", "packed bytes must be u8, not i8"))
    #expect(
      refusal { try Tensor(packedBits: bytes, .i4, shape: [5]) }
        == TenonError("tensor-size", "packed bits: i4[5] does not take 2 bytes"))
    #expect(
      refusal { try Tensor(packedBits: bytes, .i4, shape: [-4]) }
        == TenonError("tensor-size", "packed bits: i4[-4] does not take 2 bytes"))
    #expect(
      refusal { try Tensor(packedBits: bytes, .i4, shape: [Int.max]) }
        == TenonError("tensor-size", "packed bits: i4[4611686018427387903] does not take 2 bytes"))
    #expect(
      refusal { try Tensor(packedBits: Tensor([1, 0x12] as [UInt8]), .i4, shape: [3]) }
        == TenonError(
          "tensor-size", "packed bits: bits after the last element of i4[3] are set"))
    #expect(
      refusal { try bytes.stringBytes() }
        == TenonError("element-type", "string bytes: the tensor holds u8, not strings"))
    #expect(
      refusal { try Tensor(stringBytes: Tensor([1.0]), shape: [1]) }
        == TenonError("element-type", "packed bytes must be u8, not f64"))
    #expect(
      refusal { try Tensor(stringBytes: Tensor(Array("[1]".utf8)), shape: [1]) }
        == TenonError("json", "strings: expected a JSON array of strings, found a number"))
    #expect(
      refusal { try Tensor(stringBytes: Tensor(Array("{}".utf8)), shape: [1]) }
        == TenonError("json", "strings: expected a JSON array of strings, found an object"))
    #expect(
      refusal { try Tensor(stringBytes: Tensor(Array("[\"a\"]".utf8)), shape: [2]) }
        == TenonError("tensor-size", "tensor: shape [2] holds 2 elements, given 1"))
  }
}
