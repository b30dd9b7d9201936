import TenonFormats
import TenonTensor
import Testing

@Suite struct NpzTests {
  let folder = TestFolder()

  @Test func tensorsComeBackBitForBit() throws {
    let path = folder.file("x.npz")
    let tensors = try NpyTests.storable.enumerated().map { index, type in
      (
        "größe \(type)",
        try SampleTensors.tensor(type, shape: [[], [3], [2, 0], [2, 3]][index % 4])
      )
    }
    try Npz.write(tensors, to: path)
    #expect(try TestFiles.bytes(path) == Npz.bytes(tensors))
    for file in [try NpzFile(path: path), try NpzFile(bytes: TestFiles.bytes(path))] {
      #expect(file.names == tensors.map(\.0))
      for (name, tensor) in tensors {
        #expect(try file.tensor(named: name).isIdentical(to: tensor))
      }
    }
    #expect(try NpzFile(bytes: Npz.bytes([])).names == [])
  }

  @Test(arguments: ["stored.npz", "deflated.npz"])
  func readsWhatNumPyWrote(name: String) throws {
    let file = try NpzFile(path: TestFiles.fixture(name))
    #expect(file.names.prefix(3) == ["x", "größe", "empty"])
    let x = try file.tensor(named: "x")
    #expect(x.typeDescription == "f32[2, 3, 4]")
    #expect(try x.doubles() == NpyTests.grid)
    #expect(try file.tensor(named: "größe").isIdentical(to: Tensor(7)))
    #expect(try file.tensor(named: "empty").typeDescription == "f64[0, 2]")
    if name == "deflated.npz" {
      #expect(
        try file.tensor(named: "zeros").isIdentical(to: Tensor([Int32](repeating: 0, count: 5000))))
    }
  }

  @Test func readsEntriesOfWritersThatCannotSeek() throws {
    let file = try NpzFile(path: TestFiles.fixture("described.npz"))
    #expect(file.names == ["x"])
    #expect(try file.tensor(named: "x").doubles() == NpyTests.grid)
    #expect(
      throws: TenonError(
        "no-tensor", "\(TestFiles.fixture("described.npz")): there is no tensor `notes.txt`",
        details: ["tensors: x"])
    ) { try file.tensor(named: "notes.txt") }
  }

  @Test func namesTheEntryInErrorsOfItsArray() throws {
    let bytes = try zip([("x.npy", Array("text".utf8))])
    #expect(
      throws: TenonError("npy", "f/x.npy: no npy file: it does not begin with `\\x93NUMPY`")
    ) { try NpzFile(bytes: bytes, name: "f").tensor(named: "x") }
  }

  @Test func refusesArraysThatAreTooLarge() throws {
    let path = TestFiles.fixture("deflated.npz")
    let file = try NpzFile(path: path, maximumBytes: 1000)
    #expect(try file.tensor(named: "x").elementCount == 24)
    #expect(
      throws: TenonError(
        "zip",
        "\(path): entry `zeros.npy` holds 20128 bytes, and 1000 are allowed; raise `maximumBytes` "
          + "if you trust the file")
    ) { try file.tensor(named: "zeros") }
  }

  @Test func refusesToWriteWhatNpzHasNot() throws {
    let one = Tensor(Float(1))
    #expect(
      throws: TenonError(
        "tensor-name", "npz data: cannot be written: two tensors are called `a`")
    ) { try Npz.bytes([("a", one), ("a", one)]) }
    #expect(
      throws: TenonError(
        "element-type",
        "npz data: cannot be written: npy has no type for `a`, f8e5m2; convert it first")
    ) { try Npz.bytes([("a", SampleTensors.tensor(.f8e5m2, shape: [1]))]) }
    let name = String(repeating: "n", count: 60_001)
    #expect(
      throws: TenonError(
        "tensor-name",
        "npz data: cannot be written: the name `\(name.prefix(60))...` is too long for npz")
    ) { try Npz.bytes([(name, one)]) }
  }
}

/// The bytes of a zip file with stored entries.
func zip(_ entries: [(String, [UInt8])], wideFrom: Int = 0xFFFF_FFFF) throws -> [UInt8] {
  final class Output { var bytes: [UInt8] = [] }
  let output = Output()
  var writer = ZipWriter(wideFrom: wideFrom) { output.bytes.append(contentsOf: $0) }
  for (name, bytes) in entries {
    try bytes.withUnsafeBytes { try writer.add(name: name, pieces: [$0]) }
  }
  try writer.finish()
  return output.bytes
}
