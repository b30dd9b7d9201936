import FoundationEssentials
import Glibc
import TenonTensor
import Testing

@testable import TenonONNX

/// What is wrong with a file is said in one message that names the tensor.
@Suite struct ONNXFileRefusalTests {
  private typealias M = ModelBytes

  @Test func tensorsThatAreNotAsTheyClaim() {
    func message(_ proto: ONNXTensorProto) -> String { M.message { try M.read(proto) } }
    #expect(message(M.tensor(0, [1])) == "tensor w: has no element type")
    #expect(
      message(M.tensor(27, [1]))
        == "tensor w: has the element type FLOAT6E2M3, which is not supported")
    #expect(
      message(M.tensor(99, [1])) == "tensor w: has the element type 99, which is not known")
    #expect(message(M.tensor(1, [2, -1])) == "tensor w: has the size -1; sizes are >= 0")
    #expect(
      message(M.tensor(1, [.max, 2]))
        == "tensor w: the shape [9223372036854775807x2] is too large to hold in memory")
    #expect(
      message(M.tensor(1, [1 << 32, 1 << 31]))
        == "tensor w: the shape [4294967296x2147483648] is too large to hold in memory")
    #expect(
      message(M.tensor(1, [2])) == "tensor w: is f32[2], but the file holds no elements of it")
    #expect(
      message(M.tensor(1, [1 << 40]) { $0.rawData = Data([1, 2, 3, 4]) })
        == "tensor w: f32[1099511627776] takes 4398046511104 bytes, raw_data holds 4")
    #expect(
      message(M.tensor(1, [30]) { $0.rawData = Data(count: 119) })
        == "tensor w: f32[30] takes 120 bytes, raw_data holds 119")
    #expect(
      message(M.tensor(22, [3]) { $0.rawData = Data([1]) })
        == "tensor w: i4[3] takes 2 bytes, raw_data holds 1")
    #expect(
      message(M.tensor(1, [2]) { $0.floatData = [1] })
        == "tensor w: f32[2] takes 2 numbers, float_data holds 1")
    #expect(
      message(M.tensor(14, [2]) { $0.floatData = [1, 2, 3] })
        == "tensor w: complex64[2] takes 4 numbers, float_data holds 3")
    #expect(
      message(M.tensor(7, [1]) { $0.floatData = [1] })
        == "tensor w: elements of i64 are stored in raw_data or int64_data, not in float_data")
    #expect(
      message(M.tensor(7, [20]) { $0.doubleData = [Double](repeating: 1, count: 20) })
        == "tensor w: elements of i64 are stored in raw_data or int64_data, not in double_data")
    #expect(
      message(
        M.tensor(1, [1]) {
          $0.floatData = [1]
          $0.rawData = Data([0, 0, 0, 0])
        }) == "tensor w: has elements in raw_data and in float_data; one place is right")
    #expect(
      message(M.tensor(8, [1]) { $0.rawData = Data([65]) })
        == "tensor w: elements of string are stored in string_data, not in raw_data")
    #expect(
      message(M.tensor(8, [1]) { $0.stringData = [Data([0xFF])] })
        == "tensor w: string 0 is not UTF-8")
    #expect(
      message(M.tensor(3, [1]) { $0.int32Data = [128] })
        == "tensor w: the number 128 is no element of i8")
    #expect(
      message(M.tensor(12, [1]) { $0.uint64Data = [1 << 32] })
        == "tensor w: the number 4294967296 is no element of u32")
    #expect(
      message(M.tensor(2, [1], name: "") { $0.int32Data = [-1] })
        == "tensor (no name): the number -1 is no element of u8")
  }

  @Test func bytesThatAreNoModel() {
    func message(_ bytes: [UInt8]) -> String {
      M.message { try ONNXFile(bytes, name: "f.onnx") }
    }
    #expect(
      message([0x3A])
        == "f.onnx: not in the ONNX format: the bytes end inside a number, at byte 1")
    #expect(
      message([0x3A, 5, 1])
        == "f.onnx: not in the ONNX format: field 7 claims 5 bytes, 1 are left, at byte 0")
    #expect(
      message([0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1])
        == "f.onnx: not in the ONNX format: field 7 claims 18446744073709551615 bytes, 0 are left, "
        + "at byte 0")
    #expect(
      message([UInt8](repeating: 0x80, count: 11))
        == "f.onnx: not in the ONNX format: a number has more than 64 bits, at byte 0")
    #expect(
      message([0x3B]) == "f.onnx: not in the ONNX format: field 7 has the wire type 3, which is "
        + "not known, at byte 0")
    #expect(message([0x00]) == "f.onnx: not in the ONNX format: a field has no number, at byte 0")
    #expect(
      message([0x3A, 0, 0x3A, 0])
        == "f.onnx: not in the ONNX format: field 7 is given twice, at byte 2")
    #expect(
      message([0x3A, 3, 0x12, 1, 0xFF])
        == """
        f.onnx: not a model in the ONNX format
          parser: invalidUTF8
        """)
    // Graphs in nodes in graphs.
    var bytes: [UInt8] = []
    for level in 0..<120 {
      let field: UInt8 = [0x32, 0x2A, 0x0A][level % 3]
      var length = bytes.count
      var head: [UInt8] = [field]
      while length >= 0x80 {
        head.append(UInt8(length & 0x7F) | 0x80)
        length >>= 7
      }
      bytes = head + [UInt8(length)] + bytes
    }
    let deep = message([0x3A, UInt8(bytes.count & 0x7F) | 0x80, UInt8(bytes.count >> 7)] + bytes)
    #expect(
      deep.hasPrefix("f.onnx: not in the ONNX format: messages are nested deeper than 90, at byte"))
  }

  /// A span that the file claims is not believed.
  @Test func claimedSpansAreDropped() throws {
    var proto = M.tensor(1, [1 << 20])
    proto.fileSpan.offset = 0
    proto.fileSpan.count = 4 << 20
    let file = try M.file([proto])
    #expect(!file.proto.graph.initializer[0].hasFileSpan)
    #expect(
      M.message { try file.tensor(file.proto.graph.initializer[0]) }
        == "tensor w: is f32[1048576], but the file holds no elements of it")
  }

  @Test func missingAndTruncatedFiles() throws {
    let folder = ModelFolder()
    #expect(
      M.message { try ONNXFile(path: "\(folder.path)/none.onnx") }
        == "\(folder.path)/none.onnx: cannot be read: no such file or folder")
    let bytes = try M.bytes([M.tensor(1, [100]) { $0.rawData = Data(count: 400) }])
    let cut = try folder.write(Array(bytes.dropLast(10)), "cut.onnx")
    #expect(
      M.message { try ONNXFile(path: cut) }
        == "\(cut): not in the ONNX format: field 7 claims 413 bytes, 403 are left, at byte 0")
    let path = try folder.write(bytes, "m.onnx")
    let file = try ONNXFile(path: path)
    #expect(truncate(path, 100) == 0)
    #expect(
      M.message { try file.tensor(file.proto.graph.initializer[0]) }
        == "\(path): the file has changed since it was opened; open it again, and replace files by "
        + "renaming, not in place")
  }

  // MARK: External data

  private func external(_ entries: [(String, String)]) -> ONNXTensorProto {
    M.tensor(1, [30]) { proto in
      proto.dataLocation = .external
      proto.externalData = entries.map { key, value in
        var entry = ONNXStringStringEntryProto()
        entry.key = key
        entry.value = value
        return entry
      }
    }
  }

  @Test func externalDataIsRead() throws {
    let folder = ModelFolder()
    let values = (0..<32).map { Float($0) }
    try folder.write(values.withUnsafeBytes { Array($0) }, "weights.bin")
    for (entries, first) in [
      ([("location", "weights.bin")], 0), ([("location", "./weights.bin"), ("offset", "8")], 2),
      ([("location", "weights.bin"), ("offset", "4"), ("length", "120"), ("checksum", "x")], 1),
    ] {
      let path = try folder.write(M.bytes([external(entries)]), "m.onnx")
      let file = try ONNXFile(path: path)
      let tensor = try file.tensor(file.proto.graph.initializer[0])
      #expect(try tensor.scalars(as: Float.self) == Array(values[first..<first + 30]))
    }
  }

  @Test func externalDataStaysInTheFolder() throws {
    let folder = ModelFolder()
    let outside = ModelFolder()
    try outside.write([UInt8](repeating: 1, count: 200), "secret")
    try folder.write([UInt8](repeating: 1, count: 100), "short")
    #expect(symlink("\(outside.path)/secret", "\(folder.path)/link") == 0)
    func message(_ entries: [(String, String)]) throws -> String {
      let path = try folder.write(M.bytes([external(entries)]), "m.onnx")
      let file = try ONNXFile(path: path)
      return M.message { try file.tensor(file.proto.graph.initializer[0]) }
    }
    for location in ["/etc/passwd", "../\(outside.path)/secret", "a/../../b", "link"] {
      #expect(
        try message([("location", location)])
          == "tensor w: its external data `\(location)` is not inside the model's folder; files "
          + "outside are not read")
    }
    #expect(try message([]) == "tensor w: is external data without a location")
    #expect(
      try message([("location", "none")])
        == """
        \(folder.path)/none: cannot be read: no such file or folder
          in external data of tensor w
        """)
    #expect(
      try message([("location", "short")])
        == "tensor w: takes 120 bytes from byte 0 of short, which holds only 100")
    #expect(
      try message([("location", "short"), ("offset", "9223372036854775807")])
        == "tensor w: takes 120 bytes from byte 9223372036854775807 of short, which holds only 100")
    #expect(
      try message([("location", "short"), ("offset", "-1")])
        == "tensor w: the offset of external data must be a number >= 0, not `-1`")
    #expect(
      try message([("location", "short"), ("length", "4")])
        == "tensor w: takes 120 bytes, but its external data has the length 4")
    let file = try M.file([external([("location", "short")])])
    #expect(
      M.message { try file.tensor(file.proto.graph.initializer[0]) }
        == "tensor w: is in the file short, which a model in memory cannot reach; open it by its "
        + "path")
  }
}
