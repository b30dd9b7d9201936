import TenonFormats
import TenonTensor
import Testing

@Suite struct NpyTests {
  let folder = TestFolder()

  static let storable = ElementType.allCases.filter {
    !$0.isStorageOnly || $0.isComplex || $0 == .string
  }

  @Test(arguments: storable, [[], [1], [3], [2, 3, 5], [4, 0, 2]])
  func tensorsComeBackBitForBit(type: ElementType, shape: [Int]) throws {
    let path = folder.file("x.npy")
    let tensor = try SampleTensors.tensor(type, shape: shape)
    try Npy.write(tensor, to: path)
    #expect(try Npy.read(path: path).isIdentical(to: tensor))
    #expect(try TestFiles.bytes(path) == Npy.bytes(tensor))
    #expect(try Npy.read(bytes: Npy.bytes(tensor)).isIdentical(to: tensor))
  }

  static let grid = (0..<24).map { Double($0) }

  static let plain: [(String, ElementType)] = [
    ("c_i1", .i8), ("c_u1", .u8), ("c_i2", .i16), ("c_u2", .u16), ("c_i4", .i32), ("c_u4", .u32),
    ("c_i8", .i64), ("c_u8", .u64), ("c_f2", .f16), ("c_f4", .f32), ("c_f8", .f64),
    ("fortran_f4", .f32), ("fortran_big_i2", .i16), ("version2", .f32), ("version3", .f32),
    ("bf16", .bf16),
  ]

  @Test(arguments: plain) func readsWhatNumPyWrote(name: String, type: ElementType) throws {
    let tensor = try Npy.read(path: TestFiles.fixture("\(name).npy"))
    #expect(tensor.elementType == type)
    #expect(tensor.shape == [2, 3, 4])
    #expect(try tensor.doubles() == Self.grid)
  }

  static let bigEndian: [(String, ElementType)] = [
    ("big_i2", .i16), ("big_i8", .i64), ("big_f2", .f16), ("big_f4", .f32), ("big_f8", .f64),
  ]

  @Test(arguments: bigEndian) func readsBigEndian(name: String, type: ElementType) throws {
    let tensor = try Npy.read(path: TestFiles.fixture("\(name).npy"))
    #expect(tensor.elementType == type)
    #expect(try tensor.doubles() == Self.grid.map { $0 - 3 })
  }

  @Test func readsTheOtherTypes() throws {
    func fixture(_ name: String) throws -> Tensor {
      try Npy.read(path: TestFiles.fixture("\(name).npy"))
    }
    #expect(
      try fixture("c_b1").isIdentical(
        to: Tensor((0..<24).map { $0 % 3 == 0 }, shape: [2, 3, 4])))
    #expect(try fixture("c_c8").elementText(at: 5) == "5.0+19.0i")
    #expect(try fixture("c_c16").elementText(at: 23) == "23.0+1.0i")
    #expect(try fixture("big_c8").elementText(at: 5) == "2.0+0.0i")
    #expect(try fixture("scalar").isIdentical(to: Tensor(2.5)))
    #expect(try fixture("empty").isIdentical(to: Tensor([Float](), shape: [2, 0, 3])))
    #expect(
      try fixture("unicode").isIdentical(
        to: Tensor(strings: ["a", "größe", "", "日本"], shape: [2, 2])))
    #expect(
      try fixture("unicode_big").isIdentical(to: Tensor(strings: ["a", "größe"], shape: [2])))
    #expect(
      try fixture("bytes").isIdentical(to: Tensor(strings: ["ab", "", "xyz"], shape: [3])))
    #expect(
      try fixture("nan").withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
        == [0x7FC0_0001, 0xFFC1_2345, 0x7F80_0001, 0x8000_0000, 0x7F80_0000])
  }

  @Test(arguments: [
    "c_b1", "c_i1", "c_u1", "c_i2", "c_u2", "c_i4", "c_u4", "c_i8", "c_u8", "c_f2", "c_f4", "c_f8",
    "c_c8", "c_c16", "bf16", "scalar", "empty", "unicode", "nan",
  ])
  func writesTheBytesThatNumPyWrites(name: String) throws {
    let bytes = try TestFiles.bytes(TestFiles.fixture("\(name).npy"))
    #expect(try Npy.bytes(Npy.read(bytes: bytes)) == bytes)
  }

  @Test func readsFortranOrderOfText() throws {
    var bytes = try Npy.bytes(Tensor(strings: ["a", "b", "c", "d"], shape: [2, 2]))
    replace("False", by: "True ", in: &bytes)
    #expect(try Npy.read(bytes: bytes).strings == ["a", "c", "b", "d"])
  }

  @Test func readsHeadersOfOtherWriters() throws {
    for text in [
      "{\"shape\": (2L, 1L), \"fortran_order\": False, \"descr\": \"<u1\"}",
      "{'descr':'|u1','fortran_order':False,'shape':(2,1)}  \n",
      " { 'descr' : 'u1' , 'fortran_order' : False , 'shape' : ( 2 , 1 , ) , } ",
    ] {
      let tensor = try Npy.read(bytes: npy(text, data: [7, 8]))
      #expect(tensor.isIdentical(to: try Tensor([7, 8] as [UInt8], shape: [2, 1])))
    }
  }

  @Test func refusesToWriteWhatNumPyHasNot() {
    func refusal(_ tensor: Tensor) -> TenonError? {
      do {
        _ = try Npy.bytes(tensor)
        return nil
      } catch { return error as? TenonError }
    }
    let start = "npy data: cannot be written: "
    #expect(
      refusal(try! SampleTensors.tensor(.i4, shape: [2]))
        == TenonError(
          "element-type", start + "npy has no type for the tensor, i4; store `packedBits()` instead"
        ))
    #expect(
      refusal(try! SampleTensors.tensor(.f8e4m3fn, shape: [2]))
        == TenonError(
          "element-type", start + "npy has no type for the tensor, f8e4m3fn; convert it first"))
    #expect(
      refusal(try! Tensor(strings: ["a", "b\0"], shape: [2]))
        == TenonError(
          "element-type",
          start + "element 1 of the tensor ends in a zero character, which NumPy's text does not "
            + "keep"))
  }
}

@Suite struct NpyRefusalTests {
  static let keys = "'fortran_order': False, 'shape': (2,)"

  /// Header text, bytes of data, and the message after `f: `.
  static let headers: [(String, Int, String)] = [
    ("", 0, "invalid npy header at byte 10: expected `{`"),
    ("{", 0, "invalid npy header at byte 11: expected a string"),
    ("{}", 0, "the npy header has no `descr`"),
    ("{'descr': '<f4'}", 0, "the npy header has no `fortran_order`"),
    ("{'descr': '<f4', 'fortran_order': True}", 0, "the npy header has no `shape`"),
    ("{'descr': '<f4', 'descr': '<f4'}", 0, "the npy header has the key `descr` twice"),
    ("{'shape': (), 'shape': ()}", 0, "the npy header has the key `shape` twice"),
    ("{'x': 1}", 0, "the npy header has the unknown key `x`"),
    ("{'descr' '<f4'}", 0, "invalid npy header at byte 19: expected `:`"),
    ("{'descr': '<f4}", 0, "invalid npy header at byte 25: expected a closing quote"),
    ("{'descr': '<\\x66'}", 0, "invalid npy header at byte 22: expected plain text"),
    ("{'descr': 5}", 0, "invalid npy header at byte 20: expected a string"),
    ("{'fortran_order': 0}", 0, "invalid npy header at byte 28: expected `True` or `False`"),
    ("{'shape': 3}", 0, "invalid npy header at byte 20: expected `(`"),
    ("{'shape': (3)}", 0, "invalid npy header at byte 22: expected `,`"),
    ("{'shape': (-3,)}", 0, "invalid npy header at byte 21: expected a size"),
    ("{'shape': (3.0,)}", 0, "invalid npy header at byte 22: expected `,` or `)`"),
    ("{'shape': (,)}", 0, "invalid npy header at byte 21: expected a size"),
    ("{'descr': '<f4' 'x': 1}", 0, "invalid npy header at byte 26: expected `,` or `}`"),
    (
      "{'descr': '|u1', \(keys)} x", 2,
      "invalid npy header at byte 66: expected the end of the header"
    ),
    (
      "{'descr': '<f4', \(keys)}", 7,
      "<f4[2] takes 8 bytes but only 7 follow the header; the file is cut short"
    ),
    ("{'descr': '<f4', \(keys)}", 9, "1 bytes follow the array"),
    (
      "{'descr': '|O', \(keys)}", 0,
      "Python objects, which only Python can read; save numbers: the type is `|O`"
    ),
    (
      "{'descr': '<M8[D]', \(keys)}", 0,
      "dates or times; save them as integers (`view('i8')`): the type is `<M8[D]`"
    ),
    (
      "{'descr': '|V3', \(keys)}", 0,
      "bytes without a meaning; save them as an integer type (`view('u1')`): the type is `|V3`"
    ),
    (
      "{'descr': '<f16', \(keys)}", 0,
      "floating-point numbers of a width that Tenon does not have: the type is `<f16`"
    ),
    ("{'descr': '<i3', \(keys)}", 0, "elements that Tenon does not have: the type is `<i3`"),
    ("{'descr': '<U0', \(keys)}", 0, "elements that Tenon does not have: the type is `<U0`"),
    ("{'descr': '<U+1', \(keys)}", 0, "elements that Tenon does not have: the type is `<U+1`"),
    ("{'descr': '', \(keys)}", 0, "elements that Tenon does not have: the type is ``"),
    (
      "{'descr': [('x', '<i4')], \(keys)}", 0,
      "an array of records; save each field as an array of its own"
    ),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}", 0, shapeRule),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (281474976710657,)}", 0, shapeRule),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (\(String(repeating: "1,", count: 65)))}",
      4, shapeRule
    ),
    (
      "{'descr': '<f8', 'fortran_order': False, 'shape': (281474976710656, 281474976710656)}", 8,
      "<f8[281474976710656, 281474976710656] takes 9223372036854775807 bytes but only 8 follow "
        + "the header; the file is cut short"
    ),
    ("{'descr': '|S2', \(keys)}", 4, "element 1 is not UTF-8 text; save it as integers (`u1`)"),
    ("{'descr': '<U1', \(keys)}", 8, "element 1 holds a number that is no Unicode character"),
  ]

  static let shapeRule = "a shape is at most 64 integers from 0 to 281474976710656"

  @Test(arguments: headers) func refuses(header: String, data: Int, message: String) {
    let data: [UInt8] = (0..<data).map { $0 < data / 2 ? 0 : 0xFF }
    expectRefusal(npy(header, data: data), message)
  }

  @Test func refusesWhatIsNoNpyFile() {
    expectRefusal([], "no npy file: it does not begin with `\\x93NUMPY`")
    expectRefusal(
      Array("PK\u{3}\u{4}xxxxxxxx".utf8), "no npy file: it does not begin with `\\x93NUMPY`")
    var bytes = npy("{}", data: [])
    bytes[6] = 4
    expectRefusal(bytes, "npy version 4.0 is unknown; Tenon reads 1.0, 2.0 and 3.0")
    bytes[6] = 1
    bytes[7] = 1
    expectRefusal(bytes, "npy version 1.1 is unknown; Tenon reads 1.0, 2.0 and 3.0")
    bytes[7] = 0
    bytes[8] = 3
    expectRefusal(
      bytes, "the npy header takes 3 bytes but only 2 follow; the file is cut short")
    bytes[6] = 2
    bytes[8...] = [0, 0, 16, 1]
    expectRefusal(bytes, "the npy header would take 17825792 bytes, and 1048576 are allowed")
    bytes.removeLast()
    expectRefusal(bytes, "no npy file: it does not begin with `\\x93NUMPY`")
  }

  @Test(arguments: [
    ("object", "Python objects, which only Python can read; save numbers: the type is `|O`"),
    ("record", "an array of records; save each field as an array of its own"),
    ("date", "dates or times; save them as integers (`view('i8')`): the type is `<M8[D]`"),
    (
      "long_double",
      "floating-point numbers of a width that Tenon does not have: the type is `<f16`"
    ),
  ])
  func refusesWhatTenonDoesNotHave(name: String, message: String) {
    let path = TestFiles.fixture("\(name).npy")
    #expect(throws: TenonError("npy", "\(path): \(message)")) { try Npy.read(path: path) }
  }

  func expectRefusal(
    _ bytes: [UInt8], _ message: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: TenonError("npy", "f: " + message), sourceLocation: sourceLocation) {
      try Npy.read(bytes: bytes, name: "f")
    }
  }
}

/// The bytes of a version 1.0 file with the header text given, unpadded.
private func npy(_ header: String, data: [UInt8]) -> [UInt8] {
  [0x93] + Array("NUMPY".utf8) + [1, 0] + littleEndian(UInt16(header.utf8.count))
    + Array(header.utf8) + data
}

/// Replaces the first occurrence of a text by another of the same length.
func replace(_ text: String, by other: String, in bytes: inout [UInt8]) {
  let (old, new) = (Array(text.utf8), Array(other.utf8))
  precondition(old.count == new.count)
  let start = bytes.indices.first { bytes[$0...].starts(with: old) }!
  bytes.replaceSubrange(start..<start + old.count, with: new)
}
