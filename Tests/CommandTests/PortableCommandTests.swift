import Glibc
import TenonCompiler
import TenonFormats
import TenonGraph
import TenonOps
import TenonTensor
import Testing

@testable import TenonCodegen

/// What the command does where clang is missing or fails, and plans of bytecode, as processes.
@Suite struct PortableCommandTests {
  private let command: CommandFolder

  init() throws {
    command = try CommandFolder()
    let graph = Graph("product")
    let weights = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2])
    let w = try graph.variable("w") { try $0.constant(weights) }
    try graph.entry("predict") {
      let x = try graph.input("x", .f32, [1, 3])
      try graph.output("y", matmul(x, w.read()))
    }
    try graph.save(to: command.file("product.tenon"))
    try Npy.write(Tensor([0, 1, 2] as [Float], shape: [1, 3]), to: command.file("x.npy"))
  }

  private let line = "run product.tenon --input x=x.npy"
  private let result = "y f32[1, 2] [[13.0, 16.0]]\n"
  private let warning =
    "tenon: warning: running on the portable backend, which is slower than native kernels\n"

  @Test func withoutClang() {
    defer { command.remove() }
    #expect(
      command.tenon(line, "PATH=/nowhere TENON_CACHE=\(command.file("cache"))")
        == .init(
          ending: .exited(0),
          output: warning
            + "  kernels: no C compiler was found; set TENON_CC to a clang of version 17 or newer\n"
            + "  tried: clang on the PATH\n" + result))
  }

  @Test func withAClangThatFails() throws {
    defer { command.remove() }
    let clang = command.file("clang")
    let script =
      "#!/bin/sh\n[ \"$1\" = --version ] && { echo broken 1; exit 0; }\n"
      + "echo it does not compile; exit 3\n"
    try AtomicFile.write(Array(script.utf8), to: clang)
    chmod(clang, 0o755)
    let outcome = command.tenon(line, "TENON_CC=\(clang) TENON_CACHE=\(command.file("cache"))")
    #expect(outcome.ending == .exited(0))
    let lines = outcome.output.split(separator: "\n").map(String.init)
    let kept = "  source kept as: "
    #expect(lines.count == 7)
    #expect(lines[0] + "\n" == warning)
    #expect(lines[1] == "  kernels: the C compiler did not accept the emitted code")
    #expect(lines[2].hasPrefix("  command: \(clang) -x c - "))
    #expect(lines[3] == "  exit status: 3")
    #expect(lines[4] == "  said: it does not compile")
    #expect(lines[5].hasPrefix(kept + command.file("cache/failed/")))
    #expect(lines[6] + "\n" == result)
    let source = try ByteSource(path: String(lines[5].dropFirst(kept.count)))
    let text = String(decoding: try source.copy(0..<source.count), as: UTF8.self)
    #expect(text.hasPrefix("typedef signed char i8;\n"))
  }

  @Test func theBackendIsAChoice() {
    defer { command.remove() }
    #expect(
      command.tenon(line + " --backend portable", "")
        == .init(ending: .exited(0), output: result))
  }

  @Test func aPlanOfBytecode() throws {
    defer { command.remove() }
    let compile = "compile product.tenon --backend portable -o"
    for name in ["one", "two"] {
      #expect(
        command.tenon("\(compile) \(name).plan", "")
          == .init(ending: .exited(0), output: "wrote \(name).plan\n"))
    }
    #expect(try command.bytes("one.plan") == command.bytes("two.plan"))
    #expect(
      command.tenon("run --plan one.plan --input x=x.npy", "")
        == .init(ending: .exited(0), output: result))
    let refused = command.tenon("\(compile) three.plan --keep-c c", "")
    #expect(refused.ending == .exited(64))
    #expect(
      refused.output.hasPrefix("Error: --keep-c goes with native kernels only\n"))
    let reference = command.tenon("compile product.tenon --backend reference -o four.plan", "")
    #expect(reference.ending == .exited(64))
    #expect(
      reference.output.hasPrefix(
        "Error: --backend must be native or portable: the reference has no plans\n"))
    let target = command.tenon("\(compile) five.plan --target x86-64-v3", "")
    #expect(target.ending == .exited(64))
    #expect(target.output.hasPrefix("Error: --target goes with native kernels only\n"))
  }
  @Test func withAndWithoutOpenBLAS() throws {
    defer { command.remove() }
    let none = "TENON_BLAS=/nowhere/libblas.so"
    #expect(
      command.tenon(line + " --backend portable", none)
        == .init(ending: .exited(0), output: result))
    func matrices(_ variables: String) -> [Substring] {
      command.tenon("doctor", variables).output.split(separator: "\n")
        .filter { $0.hasPrefix("OpenBLAS: ") }
    }
    #expect(
      matrices(none) == [
        "OpenBLAS: none, /nowhere/libblas.so cannot be used; the portable backend multiplies "
          + "matrices with plain loops, and TENON_BLAS names another"
      ])
    // `make setup` installs it.
    #expect(
      matrices("") == [
        "OpenBLAS: libopenblas.so.0; the portable backend multiplies matrices with it"
      ])
  }
}
