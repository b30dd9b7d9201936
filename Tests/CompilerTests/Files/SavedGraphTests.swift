import Glibc
import TenonFormats
import TenonGraph
import TenonOps
import TenonTensor
import Testing

@testable import TenonCompiler

@Suite struct SavedGraphTests {
  /// A small classifier with `train` and `predict`, a symbol, gradients, a reduction, and literals
  /// within and beyond what the text writes out.
  static func classifier() throws -> Graph {
    let file: StaticString = "Sample/Classifier.swift"
    let graph = Graph("classifier")
    let batch = Dimension(.bound("batch"))
    let table = try Tensor((0..<240).map { Float($0 % 7) / 8 - 0.375 }, shape: [24, 10])
    let (weights, bias) = try graph.scope("head") {
      (
        try graph.variable("head/w", fileID: file, line: 1) {
          try $0.constant(table, fileID: file, line: 1)
        },
        try graph.variable("head/b", fileID: file, line: 2) {
          try broadcast(
            $0.scalar(0, .f32, fileID: file, line: 2), to: [10], fileID: file,
            line: 2)
        }
      )
    }
    func logits(_ images: Value) throws -> Value {
      try graph.scope("head") {
        let product = try matmul(
          images, weights.read(fileID: file, line: 4), fileID: file, line: 4)
        let b = try bias.read(fileID: file, line: 5)
        let wide = try broadcast(b, to: product.shape, fileID: file, line: 5)
        return try graph.apply1(Add(), [product, wide], site: CallSite(fileID: file, line: 6))
      }
    }
    try graph.entry("train", fileID: file, line: 8) {
      let images = try graph.input("images", .f32, [batch, 24], fileID: file, line: 9)
      let labels = try graph.input("labels", .i64, [batch], fileID: file, line: 10)
      let site = CallSite(fileID: file, line: 13)
      let loss = try mean(
        crossEntropy(logits(images), labels: labels, fileID: file, line: 11), fileID: file,
        line: 11)
      for (variable, gradient) in zip(
        [weights, bias],
        try gradients(
          of: loss, wrt: [weights.read(), bias.read()], fileID: file, line: 12))
      {
        let rate = try broadcast(
          graph.scalar(0.1, .f32, fileID: file, line: 13), to: gradient.shape,
          fileID: file, line: 13)
        let step = try graph.apply1(Multiply(), [gradient, rate], site: site)
        try variable.assign(graph.apply1(Subtract(), [variable.read(), step], site: site))
      }
      try graph.output("loss", loss, fileID: file, line: 14)
    }
    try graph.entry("predict", fileID: file, line: 16) {
      let images = try graph.input("images", .f32, [batch, 24], fileID: file, line: 17)
      let odd = try graph.constant(
        Tensor([Float.nan, -0.0, .infinity]), fileID: file, line: 18)
      try graph.output("odd", odd.named("odd values"), fileID: file, line: 18)
      try graph.output(
        "probabilities", softmax(logits(images), fileID: file, line: 19), fileID: file, line: 19)
    }
    return graph
  }

  static func values() throws -> [(name: String, value: Tensor)] {
    [
      ("head/w", try Tensor((0..<240).map { Float($0) / 100 }, shape: [24, 10])),
      ("head/b", Tensor((0..<10).map { Float($0) })),
    ]
  }

  func refusal(_ body: () throws -> Void) -> String? {
    do { try body() } catch { return "\(error)" }
    return nil
  }

  /// What reading a file with those parts throws.
  func refusal(
    tensors: [(String, Tensor)] = [], metadata: [(String, String)]
  ) throws -> String? {
    let bytes = try Safetensors.bytes(tensors: tensors, metadata: metadata)
    return refusal { _ = try SavedGraph.read(SafetensorsFile(bytes: bytes), .standard) }
  }

  @Test func aGraphAndItsValuesSurviveTheFile() throws {
    let folder = TestFolder()
    let path = folder.file("classifier.tenon")
    let graph = try Self.classifier()
    let values = try Self.values()
    try graph.save(to: path, variables: values)
    #expect(folder.names == ["classifier.tenon"])
    let options = Graph.TextOptions(origins: true)
    for access in [SafetensorsFile.Access.mapped, .copied] {
      let loaded = try SavedGraph.load(path: path, access: access)
      try loaded.graph.verify()
      #expect(
        loaded.graph.text(options, literals: LiteralTable())
          == graph.text(options, literals: LiteralTable()))
      #expect(loaded.variables.map(\.name) == ["head/w", "head/b"])
      for (read, written) in zip(loaded.variables, values) {
        #expect(read.value.isIdentical(to: written.value))
      }
      // Saving what was loaded gives the same bytes, over the file it may be mapped from.
      let again = folder.file("again.tenon")
      try loaded.graph.save(to: again, variables: loaded.variables)
      #expect(try TestFolder.bytes(again) == TestFolder.bytes(path))
      try loaded.graph.save(to: path, variables: loaded.variables)
      #expect(try TestFolder.bytes(again) == TestFolder.bytes(path))
    }
  }

  @Test func theFileIsSafetensorsWithSummaries() throws {
    let (tensors, metadata) = try Self.classifier().savedParts(Self.values())
    #expect(tensors.map(\.0) == ["head/w", "head/b", "literal.0"])
    #expect(tensors.map { $0.1.typeDescription } == ["f32[24, 10]", "f32[10]", "f32[24, 10]"])
    #expect(metadata.map(\.0) == ["tenon.format", "tenon.entries", "tenon.graph"])
    #expect(metadata[0].1 == "1")
    #expect(
      metadata[1].1 == """
        initialize() -> ()
        train(images: f32[batch, 24], labels: i64[batch]) -> (loss: f32[])
        predict(images: f32[batch, 24]) -> (odd: f32[3], probabilities: f32[batch, 10])
        """)
    #expect(metadata[2].1.hasPrefix("graph \"classifier\" {\n  symbol batch\n"))
    #expect(metadata[2].1.contains("constant() {value = f32[24x10] from \"literal.0\"}"))
    #expect(metadata[2].1.contains("{value = f32[3](nan, -0.0, inf)}: f32[3] at "))
  }

  @Test func withoutValuesVariablesAreInitialized() throws {
    let folder = TestFolder()
    let path = folder.file("fresh.tenon")
    try Self.classifier().save(to: path)
    #expect(try SavedGraph.load(path: path).variables.isEmpty)
    try Self.classifier().save(to: path, variables: [Self.values()[1]])
    #expect(try SavedGraph.load(path: path).variables.map(\.name) == ["head/b"])
  }

  @Test func everyElementTypeSurvives() throws {
    let folder = TestFolder()
    let graph = Graph("types")
    var values: [(name: String, value: Tensor)] = []
    for type in ElementType.allCases {
      let value: Tensor
      if type == .string {
        value = try Tensor(strings: (0..<70).map { "\"\($0)\u{1F600}\n" }, shape: [70])
      } else {
        value = try Tensor(type, shape: [70]) { bytes in
          let mask: UInt8 = type.bitWidth < 8 ? UInt8((1 << type.bitWidth) - 1) : 0xFF
          for index in bytes.indices {
            bytes[index] = type == .bool ? UInt8(index % 2) : UInt8(index * 37 % 251) & mask
          }
        }
      }
      _ = try graph.variable("v.\(type)") { try $0.constant(value) }
      values.append(("v.\(type)", value))
    }
    let path = folder.file("types.tenon")
    try graph.save(to: path, variables: values)
    let loaded = try SavedGraph.load(path: path)
    #expect(loaded.variables.map(\.name) == values.map(\.name))
    for (read, written) in zip(loaded.variables, values) {
      #expect(read.value.isIdentical(to: written.value), "\(read.name)")
    }
    let nodes = loaded.graph.nodes(loaded.graph.entries[0].region)
    for (node, written) in zip(nodes, values) {
      let constant = try #require(loaded.graph.op(node) as? Constant)
      #expect(constant.value.tensor.isIdentical(to: written.value), "\(written.name)")
    }
  }

  @Test func valuesMustBeVariablesAndFit() throws {
    let folder = TestFolder()
    let path = folder.file("bad.tenon")
    let graph = try Self.classifier()
    let bias = try Self.values()[1]
    func saving(_ values: [(name: String, value: Tensor)]) -> String? {
      refusal { try graph.save(to: path, variables: values) }
    }
    #expect(
      saving([("x", bias.value)]) == """
        saved graph: the graph has no variable x
          variables: head/w, head/b
          while saving \(path)
        """)
    #expect(
      saving([bias, bias]) == """
        saved graph: variable head/b is given two values
          while saving \(path)
        """)
    #expect(
      saving([("head/b", Tensor([Float(1)]))]) == """
        saved graph: variable head/b holds f32[10], not f32[1]
          while saving \(path)
        """)
    #expect(folder.names == [])
  }

  @Test func symbolicVariablesHoldAnySizesThatAgree() throws {
    let graph = Graph("cache")
    let batch = Dimension(.bound("batch"))
    let length = Dimension(.running("length", maximum: 4))
    _ = try graph.variable("keys") {
      try broadcast($0.scalar(0, .f32), to: [batch, length, batch * 2])
    }
    let folder = TestFolder()
    let path = folder.file("cache.tenon")
    func tensor(_ shape: [Int]) throws -> Tensor { try Tensor(.f32, shape: shape) { _ in } }
    try graph.save(to: path, variables: [("keys", tensor([3, 2, 6]))])
    #expect(try SavedGraph.load(path: path).variables[0].value.shape == [3, 2, 6])
    for shape in [[3, 5, 6], [3, 2, 7], [3, 2]] {
      let text = Shape(shape)
      #expect(
        refusal { try graph.save(to: path, variables: [("keys", tensor(shape))]) } == """
          saved graph: variable keys holds f32[batch, length, 2*batch], not f32\(text)
            while saving \(path)
          """)
    }
  }

  @Test func filesThatAreNoSavedGraphs() throws {
    let folder = TestFolder()
    let text = "graph \"g\" { variable @w: i4[3] }"
    #expect(
      refusal { _ = try SavedGraph.load(path: folder.file("none.tenon")) } == """
        \(folder.file("none.tenon")): cannot be read: no such file or folder
          while loading \(folder.file("none.tenon"))
        """)
    #expect(
      try refusal(metadata: [])
        == "saved graph: the file is a safetensors file without a graph: its metadata lack "
        + "`tenon.format`")
    #expect(
      try refusal(metadata: [("tenon.format", "1")])
        == "saved graph: the file is a safetensors file without a graph: its metadata lack "
        + "`tenon.graph`")
    #expect(
      try refusal(metadata: [("tenon.format", "2"), ("tenon.graph", text)])
        == "saved graph: the form `2` cannot be read: this build knows forms up to 1")
    let good = [("tenon.format", "1"), ("tenon.graph", text)]
    #expect(try refusal(metadata: good) == nil)
    #expect(
      try refusal(tensors: [("x", Tensor([Int8(1)]))], metadata: good)
        == "saved graph: the tensor x is no variable's and no literal's of the graph")
    #expect(
      try refusal(tensors: [("w", Tensor([Int8(1)]))], metadata: good)
        == "packed bytes must be u8, not i8\n  in tensor w")
    #expect(
      try refusal(tensors: [("w", Tensor([UInt8(1)]))], metadata: good)
        == "packed bits: i4[3] does not take 1 bytes\n  in tensor w")
    let literal = { (type: String) in
      """
      graph "g" { entry "main" () {
        %0 = constant() {value = \(type) from "a"}: \(type)
      } -> () }
      """
    }
    func form(_ type: String) -> [(String, String)] {
      [("tenon.format", "1"), ("tenon.graph", literal(type))]
    }
    #expect(
      try refusal(metadata: form("f32[2]")) == """
        safetensors data: there is no tensor `a`
          tensors: none
          in graph text 2:40
        """)
    #expect(
      try refusal(tensors: [("a", Tensor([Int32(1), 2]))], metadata: form("f32[2]"))
        == "graph text 2:40: tensor `a` is i32[2], not f32[2]")
    #expect(
      try refusal(tensors: [("a", Tensor([UInt8(1), 2]))], metadata: form("complex128[1]"))
        == "saved graph: tensor a should be the bytes of complex128[1], found u8[2]\n"
        + "  in graph text 2:47")
    #expect(
      try refusal(tensors: [("a", Tensor(Array("[1]".utf8)))], metadata: form("string[1]"))
        == "strings: expected a JSON array of strings, found a number\n  in tensor a\n"
        + "  in graph text 2:43")
    #expect(
      try refusal(
        tensors: [("a", Tensor([UInt8(1)]))],
        metadata: form("string[4611686018427387903x4611686018427387903]"))?.isEmpty == false)
  }

  @Test func unknownOpsAreNamedWithTheFile() throws {
    struct Mine: PrimitiveOp {
      static let name = "mine"
      static let signature = Signature([])
      func infer(_ site: InferenceSite) throws -> [ValueType] { [.tensor(.f32, [])] }
      func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { [] }
    }
    let graph = Graph("g")
    try graph.apply(Mine(), [], site: CallSite())
    let folder = TestFolder()
    let path = folder.file("mine.tenon")
    try graph.save(to: path)
    #expect(
      refusal { _ = try SavedGraph.load(path: path) } == """
        op mine is not in the catalogue; add it: `.standard + [Op.self]`
          used at 3:10
          while loading \(path)
        """)
    let loaded = try SavedGraph.load(path: path, catalog: .standard + [Mine.self])
    #expect(loaded.graph.liveNodeCount == 1)
  }

  @Test func aFileOfVersionOneStaysLoadable() throws {
    let loaded = try SavedGraph.load(path: TestFolder.golden("version-1.tenon"))
    try loaded.graph.verify()
    #expect(loaded.graph.entries.map(\.name) == ["initialize", "train", "predict"])
    for (read, written) in zip(loaded.variables, try Self.values()) {
      #expect(read.name == written.name)
      #expect(read.value.isIdentical(to: written.value))
    }
    let predict = try #require(loaded.graph.entry("predict"))
    let last = try #require(loaded.graph.nodes(predict.region).last)
    #expect(loaded.graph.origins.lines(loaded.graph.origin(last)) == ["Sample/Classifier.swift:19"])
    // The rows of w sum to 27.6 + 0.24 j, and b holds j.
    let ones = Tensor([Float](repeating: 1, count: 24))
    let outputs = try Interpreter(loaded.graph).run(
      predict, inputs: ["images": ones.reshaped([1, 24])],
      variables: loaded.variables.map(\.value)
    ).outputs
    let probabilities = try #require(outputs.last).value.scalars(as: Float.self)
    let powers = (0..<10).map { exp(1.24 * Double($0)) }
    let total = powers.reduce(0, +)
    for (given, power) in zip(probabilities, powers) {
      #expect(abs(Double(given) - power / total) < 1e-6)
    }
  }
}

/// A folder of one test's own, removed with everything in it when the test ends.
final class TestFolder {
  let path: String

  init() {
    var template = Array("/tmp/tenon-compiler-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// What is in the folder, sorted.
  var names: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    let file = try MappedFile(path: path)
    return try [UInt8](unsafeUninitializedCapacity: file.byteCount) { buffer, count in
      try file.read(at: 0, into: UnsafeMutableRawBufferPointer(buffer))
      count = file.byteCount
    }
  }

  /// The path of a file made by an earlier version.
  static func golden(_ name: String, from file: String = #filePath) -> String {
    file.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 } + "/Golden/" + name
  }
}
