import FoundationEssentials
import TenonTensor
import Testing

@testable import TenonONNX

/// Every element type, from every place in which a file may keep it.
@Suite struct StoredElementsTests {
  private typealias M = ModelBytes

  @Test func floatsFromTheirFields() throws {
    let floats = try M.read(M.tensor(1, [2, 2]) { $0.floatData = [1, -2.5, .infinity, 0] })
    #expect(floats.isIdentical(to: try Tensor([1, -2.5, .infinity, 0] as [Float], shape: [2, 2])))
    let doubles = try M.read(M.tensor(11, [2]) { $0.doubleData = [1e300, -0.0] })
    #expect(doubles.isIdentical(to: Tensor([1e300, -0.0])))
    let halves = try M.read(M.tensor(10, [2]) { $0.int32Data = [0x3C00, 0xC000] })
    #expect(halves.isIdentical(to: Tensor([1, -2] as [Float16])))
    let brains = try M.read(M.tensor(16, [2]) { $0.int32Data = [0x3F80, 0xC000] })
    #expect(brains.isIdentical(to: Tensor([BFloat16(Float(1)), BFloat16(Float(-2))])))
    for (number, type) in [(17, .f8e4m3fn), (18, .f8e4m3fnuz), (19, .f8e5m2), (20, .f8e5m2fnuz)]
      as [(Int32, ElementType)]
    {
      let codes = try M.read(M.tensor(number, [3]) { $0.int32Data = [0, 0x40, 0xC4] })
      #expect(codes.elementType == type)
      #expect(codes.withUnsafeBytes { Array($0) } == [0, 0x40, 0xC4])
    }
    let scales = try M.read(M.tensor(24, [2]) { $0.rawData = Data([127, 128]) })
    #expect(try scales.doubles() == [1, 2])
  }

  @Test func integersFromTheirFields() throws {
    func read(_ type: Int32, _ values: [Int32]) throws -> Tensor {
      try M.read(M.tensor(type, [Int64(values.count)]) { $0.int32Data = values })
    }
    #expect(try read(6, [1, -2, .max]).isIdentical(to: Tensor([1, -2, .max] as [Int32])))
    #expect(try read(3, [127, -128]).isIdentical(to: Tensor([127, -128] as [Int8])))
    #expect(try read(2, [0, 255]).isIdentical(to: Tensor([0, 255] as [UInt8])))
    #expect(try read(5, [-32768, 9]).isIdentical(to: Tensor([-32768, 9] as [Int16])))
    #expect(try read(4, [65535, 9]).isIdentical(to: Tensor([65535, 9] as [UInt16])))
    #expect(try read(9, [1, 0]).isIdentical(to: Tensor([true, false])))
    let wide = try M.read(M.tensor(7, [2]) { $0.int64Data = [.min, 7] })
    #expect(wide.isIdentical(to: Tensor([.min, 7] as [Int64])))
    let unsigned = try M.read(M.tensor(13, [1]) { $0.uint64Data = [.max] })
    #expect(unsigned.isIdentical(to: Tensor([.max] as [UInt64])))
    let narrow = try M.read(M.tensor(12, [1]) { $0.uint64Data = [0xFFFF_FFFF] })
    #expect(narrow.isIdentical(to: Tensor([.max] as [UInt32])))
  }

  @Test func packedElementsStartInTheLowestBits() throws {
    func codes(_ type: Int32, _ count: Int64, _ bytes: [UInt8]) throws -> [UInt8] {
      let raw = try M.read(M.tensor(type, [count]) { $0.rawData = Data(bytes) })
      let typed = try M.read(M.tensor(type, [count]) { $0.int32Data = bytes.map { Int32($0) } })
      #expect(raw.isIdentical(to: typed))
      return raw.withUnsafeBytes { Array($0) }
    }
    #expect(try codes(21, 3, [0x21, 0xF3]) == [1, 2, 3])
    #expect(try codes(22, 4, [0x21, 0xF3]) == [1, 2, 3, 15])
    #expect(try codes(23, 2, [0x7A]) == [10, 7])
    #expect(try codes(25, 5, [0b1110_0100, 2]) == [0, 1, 2, 3, 2])
    #expect(try codes(26, 4, [0b1110_0100]) == [0, 1, 2, 3])
    let signed = try M.read(M.tensor(22, [2]) { $0.rawData = Data([0xF8]) })
    #expect(try signed.integers() == [-8, -1])
    // Over 64 bytes they stay in the file and are unpacked from there.
    let long = try M.read(
      M.tensor(22, [160]) { $0.rawData = Data([UInt8](repeating: 0x21, count: 80)) })
    #expect(try long.integers() == (0..<160).map { Int64($0 % 2 + 1) })
  }

  @Test func complexNumbersAndStrings() throws {
    let pair = try M.read(M.tensor(14, [1]) { $0.floatData = [1, 2] })
    #expect(pair.typeDescription == "complex64[1]")
    #expect(pair.withUnsafeBytes { Array($0) } == [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    let wide = try M.read(M.tensor(15, [1]) { $0.doubleData = [1, 2] })
    #expect(wide.byteCount == 16)
    let texts = try M.read(
      M.tensor(8, [1, 2]) { $0.stringData = [Data("a".utf8), Data("äöü".utf8)] })
    #expect(texts.strings == ["a", "äöü"])
    #expect(texts.shape == [1, 2])
  }

  @Test func scalarsAndEmptyTensors() throws {
    #expect(try M.read(M.tensor(1, []) { $0.floatData = [3] }).shape == [])
    #expect(try M.read(M.tensor(1, [0, 4])).shape == [0, 4])
    #expect(try M.read(M.tensor(7, [1 << 62, 0])).elementCount == 0)
  }

  /// Long data stays in the file, wherever in the model it stands and however it lies.
  @Test(arguments: [0, 1, 2, 3]) func longDataIsLentFromTheFile(padding: Int) throws {
    let folder = ModelFolder()
    let values = (0..<100).map { Float($0) }
    let raw = M.tensor(1, [100], name: String(repeating: "w", count: 5 + padding)) {
      $0.rawData = values.withUnsafeBytes { Data($0) }
    }
    let typed = M.tensor(1, [100], name: "t") { $0.floatData = values }
    let doubles = M.tensor(11, [100], name: "d") { $0.doubleData = values.map { Double($0) } }
    var attribute = ONNXAttributeProto()
    attribute.t = raw
    var sparse = ONNXSparseTensorProto()
    sparse.values = raw
    sparse.indices = M.tensor(7, [100]) { $0.int64Data = (0..<100).map { Int64($0) * 2 } }
    sparse.dims = [200]
    var node = ONNXNodeProto()
    node.attribute = [attribute]
    var body = ONNXAttributeProto()
    body.g.node = [node]
    var outer = ONNXNodeProto()
    outer.attribute = [body]
    var function = ONNXFunctionProto()
    function.node = [outer]
    var model = ONNXModelProto()
    model.graph.initializer = [raw, typed, doubles]
    model.graph.sparseInitializer = [sparse]
    model.graph.node = [outer]
    model.functions = [function]
    let bytes: [UInt8] = try model.serializedBytes()
    let path = try folder.write(bytes, "m.onnx")
    for file in [try ONNXFile(path: path), try ONNXFile(bytes, name: "m")] {
      let graph = file.proto.graph
      for proto in graph.initializer { #expect(proto.hasFileSpan && !proto.hasRawData) }
      let expected = try Tensor(values, shape: [100])
      #expect(try file.tensor(graph.initializer[0]).isIdentical(to: expected))
      #expect(try file.tensor(graph.initializer[0]).scalars(as: Float.self) == values)
      #expect(
        try file.tensor(graph.initializer[0]).withUnsafeBytes {
          UInt(bitPattern: $0.baseAddress!) % 4 == 0
            && $0.loadUnaligned(fromByteOffset: 8, as: Float.self) == 2
        })
      #expect(try file.tensor(graph.initializer[1]).isIdentical(to: expected))
      #expect(
        try file.tensor(graph.initializer[2])
          .isIdentical(to: Tensor(values.map { Double($0) }, shape: [100])))
      let dense = try file.tensor(graph.sparseInitializer[0])
      #expect(try dense.doubles() == (0..<200).map { $0 % 2 == 0 ? Double($0 / 2) : 0 })
      for outer in [graph.node[0], file.proto.functions[0].node[0]] {
        let inner = outer.attribute[0].g.node[0].attribute[0].t
        #expect(inner.hasFileSpan)
        #expect(try file.tensor(inner).isIdentical(to: expected))
      }
    }
  }

  @Test func sparseTensorsBecomeDense() throws {
    var sparse = ONNXSparseTensorProto()
    sparse.values = M.tensor(1, [2], name: "s") { $0.floatData = [5, 6] }
    sparse.indices = M.tensor(7, [2, 2]) { $0.int64Data = [0, 1, 1, 2] }
    sparse.dims = [2, 3]
    let file = try ONNXFile([], name: "f")
    #expect(try file.tensor(sparse).doubles() == [0, 5, 0, 0, 0, 6])
    sparse.indices = M.tensor(7, [2]) { $0.int64Data = [1, 5] }
    #expect(try file.tensor(sparse).doubles() == [0, 5, 0, 0, 0, 6])
    sparse.indices = M.tensor(7, [2]) { $0.int64Data = [5, 1] }
    #expect(
      M.message { try file.tensor(sparse) } == "tensor s: indices must rise, but 1 comes after 5")
    sparse.indices = M.tensor(7, [2]) { $0.int64Data = [1, 6] }
    #expect(
      M.message { try file.tensor(sparse) }
        == "tensor s: the index 6 is out of range for the size 6")
    sparse.indices = M.tensor(7, [3]) { $0.int64Data = [1, 2, 3] }
    #expect(
      M.message { try file.tensor(sparse) }
        == "tensor s: the indices of 2 values in [2x3] must be i64[2] or i64[2x2], not i64[3]")
    sparse.dims = [1 << 40]
    #expect(
      M.message { try file.tensor(sparse) }
        == "tensor s: the shape [1099511627776] is too large to hold in memory")
  }
}
