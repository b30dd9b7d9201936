import TenonTensor
import Testing

@Suite struct TensorTests {
  @Test func holdsItsElements() throws {
    let tensor = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    #expect(tensor.elementType == .f32)
    #expect(tensor.rank == 2)
    #expect(tensor.elementCount == 6)
    #expect(tensor.byteCount == 24)
    #expect(tensor.typeDescription == "f32[2, 3]")
    #expect(try tensor.scalars() == [1, 2, 3, 4, 5, 6] as [Float])
    #expect(try tensor.reshaped([3, 2]).scalars() == [1, 2, 3, 4, 5, 6] as [Float])
    #expect(try Tensor(7).scalar() == 7)
    #expect(try Tensor([Int16](), shape: [4, 0]).scalars(as: Int16.self) == [])
    #expect(UInt(bitPattern: tensor.storage.bytes) % 64 == 0)
  }

  @Test func identityIsOfBits() throws {
    #expect(Tensor([Float.nan]).isIdentical(to: Tensor([Float.nan])))
    #expect(!Tensor([0.0]).isIdentical(to: Tensor([-0.0])))
    #expect(!Tensor([1]).isIdentical(to: Tensor([1.0])))
    #expect(!Tensor([1, 2]).isIdentical(to: try Tensor([1, 2], shape: [2, 1])))
    let strings = try Tensor(strings: ["a"], shape: [])
    #expect(strings.isIdentical(to: try Tensor(strings: ["a"], shape: [])))
    #expect(!strings.isIdentical(to: try Tensor(strings: ["b"], shape: [])))
  }

  @Test func anyByteButZeroIsTrue() throws {
    let tensor = try Tensor(.bool, shape: [3]) { $0.copyBytes(from: [0, 2, 255] as [UInt8]) }
    #expect(try tensor.scalars() == [false, true, true])
    #expect(try tensor.integers() == [0, 1, 1])
  }

  @Test func borrowedBytesAreLetGo() throws {
    final class Flag: @unchecked Sendable { var isSet = false }
    let flag = Flag()
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
    defer { bytes.deallocate() }
    bytes.storeBytes(of: 2.5, as: Double.self)
    do {
      let storage = TensorStorage(borrowing: bytes, byteCount: 8) { flag.isSet = true }
      let tensor = try Tensor(.f64, shape: [], storage: storage)
      #expect(try tensor.scalar() == 2.5)
      #expect(!flag.isSet)
    }
    #expect(flag.isSet)
  }

  @Test func mistakesAreNamed() throws {
    func refusal(_ body: () throws -> Any) -> TenonError? {
      do {
        _ = try body()
        return nil
      } catch { return error as? TenonError }
    }
    let vector = Tensor([1, 2, 3] as [Float])
    #expect(
      refusal { try vector.scalars(as: Double.self) }
        == TenonError(
          "element-type",
          "tensor: asked for elements of f64, but it holds f32; use `converted(to:)` first"))
    #expect(
      refusal { try vector.scalar(as: Float.self) }
        == TenonError(
          "tensor-size", "tensor: `scalar` needs exactly one element, the shape is [3]"))
    #expect(
      refusal { try vector.integers() }
        == TenonError(
          "element-type",
          "tensor: asked for elements of i64, but it holds f32; use `converted(to:)` first"))
    #expect(
      refusal { try vector.reshaped([2, 2]) }
        == TenonError("tensor-size", "tensor: shape [2, 2] holds 4 elements, given 3"))
    #expect(
      refusal { try Tensor([1, 2], shape: [3]) }
        == TenonError("tensor-size", "tensor: shape [3] holds 3 elements, given 2"))
    #expect(
      refusal { try Tensor([Int](), shape: [-1, 0]) }
        == TenonError("tensor-size", "tensor: sizes must not be negative, given [-1, 0]"))
    #expect(
      refusal { try Tensor([1], shape: [1 << 40, 1 << 40]) }
        == TenonError(
          "tensor-size",
          "tensor: shape [1099511627776, 1099511627776] is too large to hold in memory"))
    #expect(
      refusal { try Tensor(.f64, shape: [1 << 50]) { _ in } }
        == TenonError(
          "tensor-size", "tensor: shape [1125899906842624] is too large to hold in memory"))
    #expect(
      refusal { try Tensor(.u8, shape: [1 << 45]) { _ in } }
        == TenonError(
          "memory",
          "tensor: no memory for the 35184372088832 bytes of u8[35184372088832]"))
    #expect(
      refusal { try Tensor(.f64, shape: [2], storage: TensorStorage(byteCount: 15)) }
        == TenonError("tensor-size", "tensor: f64[2] needs 16 bytes but its storage holds 15"))
    #expect(
      refusal { try Tensor(.u8, shape: [2], storage: TensorStorage(byteCount: 4), byteOffset: 3) }
        == TenonError("tensor-size", "tensor: u8[2] needs 2 bytes but its storage holds 1"))
    #expect(
      refusal { try Tensor(.u8, shape: [0], storage: TensorStorage(byteCount: 4), byteOffset: 5) }
        == TenonError("tensor-size", "tensor: u8[0] needs 0 bytes but its storage holds -1"))
    #expect(
      refusal { try Tensor(strings: ["a"], shape: [2]) }
        == TenonError("tensor-size", "tensor: shape [2] holds 2 elements, given 1"))
    let bytes = TenonError(
      "element-type", "tensor: strings are not made of bytes; use `Tensor(strings:shape:)`")
    #expect(refusal { try Tensor(.string, shape: [2]) { _ in } } == bytes)
    #expect(
      refusal { try Tensor(.string, shape: [2], storage: TensorStorage(byteCount: 0)) } == bytes)
    for type in [ElementType.f32, .f8e5m2, .bf16] {
      #expect(
        refusal { try Tensor(type, shape: [2], doubles: [1, 2, 3]) }
          == TenonError("tensor-size", "tensor: shape [2] holds 2 elements, given 3"))
    }
    for type in [ElementType.i4, .i64, .bool] {
      #expect(
        refusal { try Tensor(type, shape: [2], integers: [1, 2, 3]) }
          == TenonError("tensor-size", "tensor: shape [2] holds 2 elements, given 3"))
    }
    #expect(
      refusal { try Tensor(.i8, shape: [1], doubles: [1]) }
        == TenonError(
          "element-type",
          "tensor: asked for elements of i8, but it holds f64; use `converted(to:)` first"))
    for type in [ElementType.string, .complex64] {
      let tensor =
        type == .string
        ? try Tensor(strings: ["a"], shape: [1]) : try Tensor(type, shape: [1]) { _ in }
      #expect(
        refusal { try tensor.doubles() }
          == TenonError(
            "element-type", "tensor: \(type) is storage only; convert it to an arithmetic type"))
    }
  }
}
