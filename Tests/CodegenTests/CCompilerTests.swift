import Glibc
import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

@Suite struct CCompilerTests {
  let group = KernelCompilerTests.sum([5])

  private func script(_ lines: String) -> CCompiler {
    let path = TemporaryFolder.make() + "/compiler"
    FileBytes.write(Array("#!/bin/sh\n\(lines)\n".utf8), to: path)
    chmod(path, 0o700)
    return CCompiler(path: path)
  }

  private func failure(_ compiler: CCompiler, timeLimit: Int = 20) -> (TenonError?, KernelCache) {
    let cache = KernelCache(folder: NativeRun.temporaryFolder())
    let kernels = KernelCompiler(
      target: Target(.generic), cache: cache, compiler: compiler, timeLimit: timeLimit)
    do {
      _ = try kernels.compile([group])
      return (nil, cache)
    } catch { return (error as? TenonError, cache) }
  }

  @Test func aRefusalKeepsTheSource() throws {
    let compiler = script(
      "[ \"$1\" = --version ] && echo 'clang version 99' && exit 0; cat >/dev/null; "
        + "echo 'line 1: no' >&2; exit 3")
    let (found, cache) = failure(compiler)
    let error = try #require(found)
    let kept = FileBytes.names(in: cache.folder + "/failed")
    #expect(kept.count == 1)
    #expect(error.code == "compiler-failed")
    #expect(error.message == "kernels: the C compiler did not accept the emitted code")
    #expect(error.details.count == 4)
    #expect(error.details[0].hasPrefix("command: \(compiler.path) -x c - -std=gnu11 -O2 "))
    #expect(
      Array(error.details[1...]) == [
        "exit status: 3", "said: line 1: no", "source kept as: \(cache.folder)/failed/\(kept[0])",
      ])
    #expect(FileBytes.names(in: cache.folder + "/objects").isEmpty)
  }

  @Test func aCompilerThatHangsIsEnded() throws {
    let compiler = script("[ \"$1\" = --version ] && echo v && exit 0; exec sleep 60")
    let error = try #require(failure(compiler, timeLimit: 1).0)
    #expect(error.code == "compiler-failed")
    #expect(error.details[1] == "it ran past its time limit and was ended")
  }

  @Test func aCompilerThatIsGoneSaysSo() throws {
    let error = try #require(failure(CCompiler(path: "/nowhere/clang")).0)
    #expect(
      error.description == """
        kernels: the C compiler did not accept the emitted code
          command: /nowhere/clang --version
          it could not be started: No such file or directory
        """)
  }

  @Test func missingCompilersAreListed() {
    #expect(
      TenonError.compilerMissing(["/opt/swift/clang", "clang on the PATH"]).description == """
        kernels: no C compiler was found; set TENON_CC to a clang of version 17 or newer
          tried: /opt/swift/clang, clang on the PATH
        """)
  }

  @Test func unsupportedLoweringsAreNamed() {
    let type = TensorType(.f32, [4])
    let compiler = KernelCompiler(target: Target(.generic), cache: NativeRun.cache)
    let group = KernelGroup(inputs: [type], outputs: [type], body: .single(.host))
    #expect(KernelCompiler.refusal(group) == "the lowering `host`")
    #expect(
      throws: TenonError("kernel-unsupported", "kernels: the lowering `host` has no native kernel")
    ) {
      try compiler.compile([group])
    }
  }

  @Test func outputOfAChildIsCaughtWhileItReads() {
    let text = String(repeating: "0123456789abcdef", count: 40_000)
    let job = ChildProcess.Job(program: "cat", arguments: [], input: text)
    let outcomes = ChildProcess.run([job, job, job], atOnce: 2)
    #expect(outcomes.allSatisfy { $0.succeeded && $0.output == text })
  }

  @Test func digestsAreThoseOfTheStandard() {
    #expect(
      SHA256.hexDigest("abc")
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hexDigest("")
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      SHA256.hexDigest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
  }

  @Test func targetsAreReadFromTheProcessorsFlags() {
    func target(_ flags: String) -> Target {
      Target(processorInformation: "model name : x\nflags\t\t: \(flags)\n") {
        $0 == 2 ? 2 << 20 : nil
      }
    }
    let third = "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"
    #expect(target("sse2").instructionSet == .generic)
    #expect(target(third).instructionSet == .avx2)
    let wide = target(third + " avx512f avx512bw avx512cd avx512dq avx512vl avx512_vnni")
    #expect(wide.name == "avx512+vnni")
    #expect(wide.level2Bytes == 2 << 20)
    #expect(wide.level1Bytes == 32 << 10)
  }
}
