import TenonFormats
import TenonTensor
import Testing

@Suite struct SafetensorsTests {
  let folder = TestFolder()

  static let storable = ElementType.allCases.filter {
    $0.bitWidth >= 8 && $0 != .complex128
  }

  @Test(arguments: storable, [[], [3], [2, 3, 5], [4, 0, 2]])
  func tensorsComeBackBitForBit(type: ElementType, shape: [Int]) throws {
    let path = folder.file("x.safetensors")
    let tensor = try SampleTensors.tensor(type, shape: shape)
    let odd = try SampleTensors.tensor(.i8, shape: [3])
    try Safetensors.write(tensors: [("odd", odd), ("x", tensor)], to: path)
    for access in [SafetensorsFile.Access.mapped, .copied] {
      let file = try SafetensorsFile(path: path, access: access)
      #expect(try file.tensor(named: "x").isIdentical(to: tensor))
      #expect(try file.tensor(named: "odd").isIdentical(to: odd))
    }
    #expect(
      try SafetensorsFile(bytes: TestFiles.bytes(path)).tensor(named: "x").isIdentical(to: tensor))
  }

  @Test func layoutIsFixed() throws {
    let tensors: [(String, Tensor)] = [
      ("b", Tensor([1, 2, 3] as [Int8])), ("f", Tensor([1.5] as [Float])),
      ("d", Tensor([2.5])), ("g", Tensor([1, 2] as [Int32])),
    ]
    let bytes = try Safetensors.bytes(tensors: tensors, metadata: [("tenon.format", "1")])
    let length: UInt64 = bytes.littleEndian(at: 0)
    #expect(length == 4088)
    let text = String(decoding: bytes[8..<4096], as: UTF8.self)
    let header =
      #"{"__metadata__":{"tenon.format":"1"},"#
      + #""d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"#
      + #""f":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"#
      + #""g":{"dtype":"I32","shape":[2],"data_offsets":[12,20]},"#
      + #""b":{"dtype":"I8","shape":[3],"data_offsets":[20,23]}}"#
    #expect(text == header + String(repeating: " ", count: 4088 - header.utf8.count))
    #expect(bytes.count == 4096 + 23)
    #expect(Array(bytes[4116...]) == [1, 2, 3])
    let path = folder.file("x.safetensors")
    try Safetensors.write(tensors: tensors, metadata: [("tenon.format", "1")], to: path)
    #expect(try TestFiles.bytes(path) == bytes)
  }

  @Test func headersOfAnySizePadToTheAlignment() throws {
    for count in 0..<140 {
      let name = String(repeating: "n", count: 4000 + count)
      let bytes = try Safetensors.bytes(tensors: [(name, Tensor([7] as [UInt8]))])
      #expect(bytes.count % 4096 == 1)
      #expect(try SafetensorsFile(bytes: bytes).tensor(named: name).scalar() == 7 as UInt8)
    }
    let empty = try Safetensors.bytes(tensors: [])
    #expect(empty.count == 4096)
    #expect(try SafetensorsFile(bytes: empty).names == [])
  }

  @Test func readsWhatTheSafetensorsPackageWrote() throws {
    let file = try SafetensorsFile(path: TestFiles.fixture("all.safetensors"))
    #expect(file.metadata("format") == "np")
    #expect(file.metadata("note") == "a \"b\"\n")
    #expect(file.metadata("none") == nil)
    #expect(
      file.names == [
        "u64", "i64", "f64", "c64", "empty", "f32", "größe \"x\"\n", "scalar", "u32", "i32", "bf16",
        "f16", "u16", "i16", "f8_e4m3", "f8_e5m2", "i8", "u8", "bool",
      ])
    let grid = (0..<24).map { Double($0) }
    for name in ["u8", "u16", "u32", "u64"] {
      #expect(try file.tensor(named: name).doubles() == grid)
    }
    for name in ["i8", "i16", "i32", "i64"] {
      #expect(try file.tensor(named: name).doubles() == grid.map { $0 - 12 })
    }
    for name in ["f16", "f32", "f64", "bf16"] {
      #expect(try file.tensor(named: name).doubles() == grid.map { $0 / 2 })
    }
    #expect(
      try file.tensor(named: "f8_e4m3").doubles() == [
        0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8, 9, 10, 10, 10, 11, 12,
      ])
    let halves = try file.tensor(named: "f8_e5m2")
    #expect(halves.elementType == .f8e5m2)
    #expect(
      try halves.doubles() == [
        0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4, 5, 6, 6, 6, 7, 8, 8, 8, 8, 10, 10, 10, 12, 12,
      ])
    #expect(
      try file.tensor(named: "bool").scalars() == (0..<24).map { $0 % 3 == 0 })
    #expect(try file.tensor(named: "scalar").scalar() == 3.5 as Float)
    #expect(try file.tensor(named: "empty").shape == [4, 0])
    #expect(try file.tensor(named: "größe \"x\"\n").scalars() == [1.5] as [Float])
    #expect(try file.tensor(named: "c64").elementText(at: 3) == "3.0-1.0i")
    #expect(file.type(of: "c64")?.shape == [2, 3, 4])
    #expect(file.type(of: "c64")?.elementType == .complex64)
    #expect(file.type(of: "none") == nil)
  }

  @Test func dataAtOddPlacesIsCopied() throws {
    let path = folder.file("x.safetensors")
    let header =
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
      + #""b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}"#
    TestFiles.write(file(header, data: [9] + littleEndian(Float(2.5))), to: path)
    let opened = try SafetensorsFile(path: path)
    #expect(try opened.tensor(named: "b").scalar() == 2.5 as Float)
  }

  @Test func booleansOtherThanOneAreTrue() throws {
    let path = folder.file("x.safetensors")
    let header = #"{"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}"#
    TestFiles.write(file(header, data: [0, 2, 255]), to: path)
    let tensor = try SafetensorsFile(path: path).tensor(named: "a")
    #expect(tensor.isIdentical(to: Tensor([false, true, true])))
  }

  @Test func readsPackedFourBitFloats() throws {
    let header = #"{"a":{"dtype":"F4","shape":[2,2],"data_offsets":[0,2]}}"#
    let tensor = try SafetensorsFile(bytes: file(header, data: [0x21, 0xF4])).tensor(named: "a")
    #expect(tensor.elementType == .f4e2m1fn)
    #expect(try tensor.doubles() == [0.5, 1, 2, -6])
  }

  @Test func copiedTensorsSurviveTruncation() throws {
    let path = folder.file("x.safetensors")
    let tensor = try SampleTensors.tensor(.f32, shape: [10_000])
    try Safetensors.write(tensors: [("x", tensor)], to: path)
    let copied = try SafetensorsFile(path: path, access: .copied).tensor(named: "x")
    let file = try SafetensorsFile(path: path)
    TestFiles.write([], to: path)
    #expect(copied.isIdentical(to: tensor))
    #expect(
      throws: TenonError(
        "file-read",
        "\(path): the file has changed since it was opened; open it again, and replace files by "
          + "renaming, not in place")
    ) { try file.tensor(named: "x") }
  }

  @Test func namesTheTensorThatIsMissing() throws {
    let file = try SafetensorsFile(
      bytes: Safetensors.bytes(tensors: (0..<10).map { ("t\($0)", Tensor(Float(0))) }), name: "f")
    #expect(
      throws: TenonError(
        "no-tensor", "f: there is no tensor `x\\n`",
        details: ["tensors: t0, t1, t2, t3, t4, t5, t6, t7, …"])
    ) { try file.tensor(named: "x\n") }
  }

  @Test func refusesToWriteWhatTheFormatHasNot() throws {
    let one = Tensor(Float(1))
    func refusal(
      _ tensors: [(String, Tensor)], _ metadata: [(String, String)] = []
    ) -> TenonError? {
      do {
        _ = try Safetensors.bytes(tensors: tensors, metadata: metadata)
        return nil
      } catch { return error as? TenonError }
    }
    let start = "safetensors data: cannot be written: "
    #expect(
      refusal([("a", one), ("a", one)])
        == TenonError("tensor-name", start + "two tensors are called `a`"))
    #expect(
      refusal([("__metadata__", one)])
        == TenonError("tensor-name", start + "no tensor may be called `__metadata__`"))
    #expect(
      refusal([], [("k", "1"), ("k", "2")])
        == TenonError("tensor-name", start + "the metadata key `k` comes twice"))
    #expect(
      refusal([("a", try SampleTensors.tensor(.i4, shape: [2]))])
        == TenonError(
          "element-type",
          start + "safetensors has no type for `a`, i4; store `packedBits()` instead"))
    #expect(
      refusal([("a", try SampleTensors.tensor(.string, shape: [2]))])
        == TenonError(
          "element-type",
          start + "safetensors has no type for `a`, string; store `stringBytes()` instead"))
    #expect(
      refusal([("a", try SampleTensors.tensor(.complex128, shape: [2]))])
        == TenonError(
          "element-type",
          start + "safetensors has no type for `a`, complex128; convert it first"))
  }
}

/// The bytes of a file with the header text given, unpadded.
private func file(_ header: String, data: [UInt8]) -> [UInt8] {
  littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + data
}

func littleEndian<Value>(_ value: Value) -> [UInt8] {
  withUnsafeBytes(of: value) { Array($0) }
}
