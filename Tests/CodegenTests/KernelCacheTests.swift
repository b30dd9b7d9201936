import Glibc
import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

@Suite struct KernelCacheTests {
  let target = Target(.generic)

  private func groups(_ count: Int, from first: Int = 1) -> [KernelGroup] {
    (first..<first + count).map { KernelCompilerTests.sum([Dimension($0)]) }
  }

  @Test func equalGroupsAreOneKernelAndStayInTheCache() throws {
    let cache = KernelCache(folder: NativeRun.temporaryFolder())
    let compiler = KernelCompiler(target: target, cache: cache)
    let first = try compiler.compile(groups(3) + groups(3))
    #expect(first.map(\.key)[..<3] == first.map(\.key)[3...])
    #expect(Set(first.map(\.key)).count == 3)
    // A compiler that does nothing serves a warm start, as all is there.
    let idle = KernelCompiler(
      target: target, cache: cache, compiler: CCompiler(path: try CCompiler.find().path))
    let again = try idle.compile(groups(3))
    #expect(again.map(\.objectPath) == Array(first.map(\.objectPath)[..<3]))
    #expect(try again[0].object().starts(with: [0x7F, 0x45, 0x4C, 0x46]))
  }

  @Test func symbolNamesDoNotMatter() throws {
    let compiler = KernelCompiler(target: target, cache: NativeRun.cache)
    let (a, b) = (Symbol.running("batch", maximum: 64), Symbol.running("rows", maximum: 64))
    let kernels = try compiler.compile([
      KernelCompilerTests.sum([Dimension(a), 3]), KernelCompilerTests.sum([Dimension(b), 3]),
    ])
    #expect(kernels[0].key == kernels[1].key)
    #expect(kernels[0].sizes == [Dimension(a)])
    #expect(kernels[1].sizes == [Dimension(b)])
    #expect(kernels[1].tiles.symbols == [b])
    #expect(kernels[0].bytes == Dimension(a) * 36)
    #expect(kernels[0].flops == Dimension(a) * 3)
  }

  @Test func keysDependOnTheTarget() throws {
    let cache = KernelCache(folder: NativeRun.temporaryFolder())
    let keys = try [Target(.generic), Target(.avx2), Target(.avx512)].map {
      try KernelCompiler(target: $0, cache: cache).compile(groups(1))[0].key
    }
    #expect(Set(keys).count == 3)
  }

  @Test func aFolderOpenToOthersIsNotUsed() throws {
    let folder = NativeRun.temporaryFolder()
    mkdir(folder, 0o755)
    chmod(folder, 0o755)
    var warnings: [String] = []
    let cache = KernelCache(folder: folder) { warnings.append($0) }
    #expect(cache.folder != folder)
    #expect(
      warnings == [
        "kernel cache: \(folder) is open to other users; its mode must be 0700; "
          + "kernels are kept in \(cache.folder) until the program ends"
      ])
    #expect(try KernelCompiler(target: target, cache: cache).compile(groups(1)).count == 1)
  }

  @Test func aFileIsNoFolder() {
    let path = NativeRun.temporaryFolder()
    FileBytes.write([1], to: path)
    var warnings: [String] = []
    let cache = KernelCache(folder: path) { warnings.append($0) }
    #expect(warnings.first?.hasPrefix("kernel cache: \(path) is not a folder; ") == true)
    #expect(cache.folder != path)
  }

  // Sanitized objects differ in size.
  @Test(.enabled(if: getenv("TENON_KERNEL_FLAGS") == nil))
  func theOldestObjectsGo() throws {
    let folder = NativeRun.temporaryFolder()
    let unbounded = KernelCache(folder: folder)
    var paths: [String] = []
    for number in 1...4 {
      let kernel = try KernelCompiler(target: target, cache: unbounded)
        .compile(groups(1, from: number))[0]
      // Times a second apart, without waiting.
      var times = [timespec(tv_sec: 1_000_000 + number, tv_nsec: 0)]
      times.append(times[0])
      utimensat(AT_FDCWD, kernel.objectPath, times, 0)
      paths.append(kernel.objectPath)
    }
    let size = try #require(FileBytes.read(paths[0])).count
    let bounded = KernelCache(folder: folder, limit: size * 4)
    let last = try KernelCompiler(target: target, cache: bounded).compile(groups(1, from: 5))[0]
    #expect(paths.map { access($0, F_OK) == 0 } == [false, false, true, true])
    #expect(access(last.objectPath, F_OK) == 0)
    #expect(FileBytes.names(in: folder + "/keys").count == 3)
    // What was evicted is compiled again.
    let back = try KernelCompiler(target: target, cache: unbounded).compile(groups(1))[0]
    #expect(access(back.objectPath, F_OK) == 0)
  }

  @Test func twoCompilersAtOnceGetTheSameKernels() async throws {
    let cache = KernelCache(folder: NativeRun.temporaryFolder())
    let all = groups(4)
    let keys = try await withThrowingTaskGroup(of: [String].self) { tasks in
      for _ in 0..<2 {
        tasks.addTask {
          let kernels = try KernelCompiler(target: Target(.generic), cache: cache).compile(all)
          return try kernels.map {
            _ = try NativeRun.function($0)
            return $0.key
          }
        }
      }
      return try await tasks.reduce(into: []) { $0.append($1) }
    }
    #expect(keys[0] == keys[1])
    #expect(!FileBytes.names(in: cache.folder + "/objects").contains { $0.hasPrefix(".draft") })
  }
}
