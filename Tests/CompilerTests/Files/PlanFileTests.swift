import TenonCodegen
import TenonFormats
import TenonGraph
import TenonOps
import TenonRuntime
import TenonTensor
import TenonTestKit
import Testing

@testable import TenonCompiler

/// Plans written and read back, and files that are refused.
@Suite struct PlanFileTests {
  /// A plan with every kind of step, place and port.
  static func everyKind() throws -> Plan {
    let n = Symbol.running("n", maximum: 8)
    let m = Symbol.running("m", maximum: 3)
    let size = Dimension(n)
    let half = size.ceilingDivided(by: 2)
    func buffer(
      _ name: String, _ place: PlanBuffer.Place, _ bytes: Int, _ shape: Shape,
      _ type: ElementType = .f32
    ) -> PlanBuffer {
      PlanBuffer(
        name: name, place: place, byteCount: bytes, elementType: type, shape: shape, firstStep: 1,
        lastStep: 2)
    }
    let kernel = Step(
      .kernel(
        0, buffers: [BufferID(0), BufferID(3)], sizes: [size, half * 2 - 1],
        tiles: half), label: "add", origins: "main.swift:3", cost: .init(flops: size, bytes: 64),
      barrierBefore: false)
    let copy = Step(.copy(from: BufferID(1), to: BufferID(5)), label: "copy")
    return Plan(
      name: "main \"quoted\"", target: "generic", runningSymbols: [n, m],
      objects: [.bytes([1, 2, 3]), .bytes([])],
      kernels: [
        KernelReference(object: 0, symbol: "tenon_a", info: "add"),
        KernelReference(object: 1, symbol: "tenon_b"),
      ],
      constants: [
        PlanConstant(name: "w", tensor: Tensor([1, .nan, -0.0] as [Float])),
        PlanConstant(name: "w", tensor: try Tensor(.i4, shape: [2], integers: [-3, 7])),
      ],
      buffers: [
        buffer("x", .input(0), 32, Shape([size])),
        buffer("w", .constant(0), 12, [3]),
        buffer("v", .variable(0), 12, [3]),
        buffer("t", .arena(64), 32, Shape([size])),
        buffer("k", .prepared(0), 8, [], .i64),
        buffer("y", .output(0), 12, [3]),
        buffer("part", .alias(of: BufferID(3), byteOffset: 16), 4, [], .i32),
      ],
      inputs: [PlanPort(name: "x", elementType: .f32, shape: Shape([size]))],
      outputs: [PlanPort(name: "y", elementType: .f32, shape: [3])],
      variables: [PlanPort(name: "v", elementType: .f32, shape: [3])],
      variableUpdates: [VariableUpdate(variable: 0, buffer: BufferID(1))],
      variablesWrittenInPlace: [0], variablesInitialized: [0], hostFunctions: ["sort"],
      steps: [
        kernel, Step(.readSize(m, from: BufferID(6)), label: "size"),
        Step(
          .loop(
            condition: [kernel], predicate: BufferID(6),
            body: [
              Step(
                .branch(selector: BufferID(6), branches: [[copy], []]), label: "case")
            ], maximumTrips: 4), label: "while"),
        Step(
          .loop(condition: [], predicate: BufferID(6), body: [copy], maximumTrips: nil),
          label: "while"),
        Step(.host(0, buffers: [BufferID(3)]), label: "sort", origins: "main.swift:5"),
      ],
      prepare: [Step(.kernel(1, buffers: [BufferID(4)], sizes: [], tiles: 1), label: "pack")],
      arenaBytes: 128, preparedBytes: 64, scratchBytesPerThread: 4096)
  }

  static func read(_ bytes: [UInt8], _ target: Target = Target(.generic)) throws -> PlanFile {
    try PlanFile.read(SafetensorsFile(bytes: bytes), target)
  }

  /// The bytes of a file whose plan is another text, its digest made anew.
  static func file(_ file: PlanFile, edited edit: (String) -> String) throws -> [UInt8] {
    let (tensors, metadata) = try file.parts()
    let text = edit(metadata[3].1)
    let objects = file.plan.objects.map { object -> [UInt8] in
      guard case .bytes(let bytes) = object else { return [] }
      return bytes
    }
    return try Safetensors.bytes(
      tensors: tensors,
      metadata: metadata[..<2]
        + [(PlanFile.digestKey, PlanFile.digest(text, objects)), (PlanFile.planKey, text)])
  }

  /// A text with the first `old` in it, which must be there, replaced.
  static func replacing(_ old: String, by new: String, in text: String) -> String {
    let (bytes, wanted) = (Array(text.utf8), Array(old.utf8))
    let place = (0...(bytes.count - wanted.count)).first { bytes[$0...].starts(with: wanted) }!
    return String(
      decoding: bytes[..<place] + Array(new.utf8) + bytes[(place + wanted.count)...],
      as: UTF8.self)
  }

  @Test func everythingComesBack() throws {
    let plan = try PlanFileTests.everyKind()
    let bytes = try PlanFile(plan).bytes()
    let back = try PlanFileTests.read(bytes)
    #expect(back.plan.description == plan.description)
    #expect(back.plan.objects == plan.objects)
    for (one, other) in zip(back.plan.constants, plan.constants) {
      #expect(one.tensor.isIdentical(to: other.tensor))
    }
    #expect(try back.bytes() == bytes)
  }

  static func small() throws -> Graph {
    let graph = Graph("small")
    let x = try graph.input("x", .f32, [2, 3])
    try graph.output("y", try softmax(try x + x))
    return graph
  }

  @Test func runsFromItsFile() throws {
    let graph = try PlanFileTests.small()
    let folder = TestFolder()
    let path = folder.file("small.plan")
    try compilePlan(graph, entry: "main").file.write(to: path)
    let input = try Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [2, 3])
    let result = try PlanFile.load(path: path).executable().run(["x": input])
    let expected = try compile(graph).run(["x": input])
    #expect(result["y"]!.isIdentical(to: expected["y"]!))
  }

  /// Weights that the plan packs lie packed in its file, first and in the place of the weights.
  @Test func weightsLiePacked() throws {
    let graph = Graph("packed")
    let x = try graph.input("x", .f32, [16, 256])
    let weights = try graph.constant(
      Tensor((0..<256 * 600).map { Float($0 % 13) / 8 - 0.75 }, shape: [256, 600]))
    let bias = try graph.constant(Tensor((0..<600).map { Float($0) }))
    let y = try matmul(x, weights)
    try graph.output("y", relu(y + broadcast(bias, to: y)))
    let compiled = try compilePlan(graph, entry: "main")
    #expect(!compiled.fullPlan.prepare.isEmpty)
    let plan = compiled.file.plan
    #expect(plan.prepare.isEmpty)
    #expect(plan.constants.allSatisfy { $0.tensor.byteCount <= 2400 })
    #expect(plan.preparedStore?.byteCount == plan.preparedBytes)
    let bytes = try compiled.file.bytes()
    let header = try SafetensorsFile(bytes: bytes)
    #expect(header.names.first == PlanFile.preparedName)
    let input = try Tensor((0..<4096).map { Float($0 % 9) / 4 - 1 }, shape: [16, 256])
    let packed = try PlanFileTests.read(bytes, .host()).executable().run(["x": input])
    let full = try PlanFile(compiled.fullPlan).executable().run(["x": input])
    #expect(packed["y"]!.isIdentical(to: full["y"]!))
  }

  @Test func equalGraphsGiveEqualBytes() throws {
    let one = try compilePlan(PlanFileTests.small(), entry: "main").file.bytes()
    let other = try compilePlan(PlanFileTests.small(), entry: "main").file.bytes()
    #expect(one == other)
  }
}
