import Glibc
import TenonCompiler
import TenonGraph
import TenonOps
import TenonTensor
import Testing

@testable import TenonCodegen

/// What the report answers of a kernel: why it computes in its types, and why it was compiled.
@Suite struct KernelAnswersTests {
  private let model: StaticString = "M/model.swift"

  // MARK: Why float32 here?

  /// Each kernel's label with its lines.
  private func arithmetic(_ graph: Graph) throws -> [String] {
    try compile(graph).report.kernels.map { kernel in
      "\(kernel.label): " + kernel.arithmetic.joined(separator: " | ")
    }
  }

  /// Dequantized values, and integers that the rule takes.
  private func dequantized(
    _ graph: Graph, _ name: String, _ shape: Shape, _ element: ElementType = .i8, axis: Int? = nil,
    blocks: Int? = nil, line: UInt
  ) throws -> Value {
    let numbers = try graph.input(name, element, shape)
    let scale =
      try axis.map { try graph.input("\(name)-scale", .f32, [shape[$0]]) }
      ?? graph.scalar(0.5, .f32)
    guard let blocks else {
      return try dequantize(numbers, scale: scale, axis: axis ?? 1, fileID: model, line: line)
    }
    let scales = try graph.input("\(name)-scales", .f32, [1, shape[1]])
    return try dequantize(
      numbers, scale: scales, axis: 0, blockSize: blocks, fileID: model, line: line)
  }

  @Test func integersAreSummedAsIntegers() throws {
    let graph = Graph("integers")
    let x = try dequantized(graph, "x", [4, 8], line: 3)
    let w = try dequantized(graph, "w", [8, 4], line: 4)
    try graph.output("y", matmul(x, w, fileID: model, line: 5))
    // Converting to wider integers needs no answer.
    let found = try arithmetic(graph).filter { !$0.hasSuffix(": ") }
    #expect(
      found == [
        "dot_general+multiply: i32, contraction-of-dequantized: its operands are integers "
          + "with scales | f32, convert at M/model.swift:5 makes f32 of i32"
      ])
  }

  @Test func contractionsThatStayFloatsSayWhy() throws {
    func answer(_ left: (Graph) throws -> Value, _ right: (Graph) throws -> Value) throws -> String
    {
      let graph = Graph("floats")
      try graph.output("y", matmul(left(graph), right(graph), fileID: model, line: 5))
      return try arithmetic(graph).last ?? ""
    }
    let found = try [
      answer({ try $0.input("x", .f32, [4, 8]) }, { try dequantized($0, "w", [8, 4], line: 4) }),
      answer(
        { try dequantized($0, "x", [4, 8], line: 3) },
        { try dequantized($0, "w", [8, 4], .i16, line: 4) }),
      answer(
        { try dequantized($0, "x", [4, 8], line: 3) },
        { try dequantized($0, "w", [8, 4], axis: 0, line: 4) }),
      answer(
        { try dequantized($0, "x", [4, 8], line: 3) },
        { try dequantized($0, "w", [8, 4], blocks: 8, line: 4) }),
    ]
    let (opened, left) = (
      "dot_general: f32, open-quantized-product left matmul at M/model.swift:5: ",
      "dot_general: f32, contraction-of-dequantized left dot_general at M/model.swift:5: "
    )
    #expect(
      found == [
        opened + "operand 0 is not dequantized",
        left + "operand 1 is dequantized from i16, and sums are of i8 or narrower",
        left + "scales along an axis that is summed over stay with the operand",
        left + "operand 1 is dequantized in blocks",
      ])
  }

  @Test func narrowFloatsAreComputedAsF32() throws {
    let graph = Graph("narrow")
    let x = try graph.input("x", .f16, [4, 8])
    let w = try graph.input("w", .bf16, [4, 8])
    let y = try exp(x, fileID: model, line: 3)
    try graph.output("y", y * convert(w, to: .f16, fileID: model, line: 4))
    let found = try arithmetic(graph)
    #expect(
      found == [
        "exponential+multiply: f32, floats narrower than f32 (f16, bf16) are computed in it and "
          + "rounded when they are stored"
      ])
  }

  @Test func whatWasRecordedSoSaysSo() throws {
    let graph = Graph("plain")
    let x = try graph.input("x", .f32, [4, 8])
    try graph.output("y", exp(x))
    try graph.output("z", transpose(x, [1, 0]))
    #expect(try arithmetic(graph) == ["exponential: f32, as recorded", "transpose: "])
  }

  // MARK: Why recompiled?

  private func compilations(
    _ cache: String, columns: Int, target: Target? = nil, factor: Double = 2
  ) throws -> [String] {
    let graph = Graph("answers")
    let x = try graph.input("x", .f32, [4, 32])
    let w = try graph.input("w", .f32, [32, Dimension(columns)])
    let y = try matmul(x, w, fileID: model, line: 3)
    let z = try exp(x * factor, fileID: model, line: 4)
    try graph.output("y", y)
    try graph.output("z", z)
    let options = CompileOptions(target: target, cacheFolder: cache)
    return try compile(graph, options).report.kernels.map { "\($0.label): \($0.compilation)" }
  }

  @Test func compilingAgainSaysWhatHasChanged() throws {
    let cache = TemporaryFolder.make() + "/cache"
    let generic = Target(.generic)
    #expect(
      try compilations(cache, columns: 8, target: generic) == [
        "dot_general: for the first time", "multiply+exponential: for the first time",
      ])
    #expect(
      try compilations(cache, columns: 8, target: generic) == [
        "dot_general: no, the cache has its machine code",
        "multiply+exponential: no, the cache has its machine code",
      ])
    #expect(
      try compilations(cache, columns: 16, target: generic) == [
        "dot_general: again: its types have changed; they were f32[4x32], f32[32x8] -> f32[4x8]",
        "multiply+exponential: no, the cache has its machine code",
      ])
    #expect(
      try compilations(cache, columns: 16, target: generic, factor: 3) == [
        "dot_general: no, the cache has its machine code",
        "multiply+exponential: again: what it computes, or its schedule, has changed",
      ])
    let found = try compilations(cache, columns: 16, target: Target(.avx2), factor: 3)
    #expect(
      found == [
        "dot_general: again: the target is avx2, and was generic",
        "multiply+exponential: again: the target is avx2, and was generic",
      ])
  }
  @Test func whatLeftTheCacheSaysSo() throws {
    let cache = TemporaryFolder.make() + "/cache"
    _ = try compilations(cache, columns: 8)
    let objects = "\(cache)/objects"
    for name in FileBytes.names(in: objects) { unlink("\(objects)/\(name)") }
    let found = try compilations(cache, columns: 8)
    #expect(
      found == [
        "dot_general: again: its machine code had left the cache",
        "multiply+exponential: again: its machine code had left the cache",
      ])
  }

  @Test func anotherCompilerIsNamed() throws {
    let cache = TemporaryFolder.make() + "/cache"
    _ = try compilations(cache, columns: 8)
    let compiler = try #require(notes(cache, "compiler").first)
    let history = try #require(notes(cache, "history").first)
    let old = history.text.split(separator: "\n").map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false)
        .map { $0 == compiler.text ? "a compiler of old" : String($0) }.joined(separator: "\t")
    }
    FileBytes.write(Array(old.joined(separator: "\n").utf8), to: history.path)
    let objects = "\(cache)/objects"
    for name in FileBytes.names(in: objects) { unlink("\(objects)/\(name)") }
    let found = try compilations(cache, columns: 8)
    let change = "again: the compiler is \(compiler.text), and was a compiler of old"
    #expect(found == ["dot_general: \(change)", "multiply+exponential: \(change)"])
  }

  private func notes(_ cache: String, _ name: String) -> [(path: String, text: String)] {
    FileBytes.names(in: "\(cache)/notes").filter { $0.hasPrefix(name) }.compactMap { file in
      let path = "\(cache)/notes/\(file)"
      return FileBytes.read(path).map { (path, String(decoding: $0, as: UTF8.self)) }
    }
  }
}
