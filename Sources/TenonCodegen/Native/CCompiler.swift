import Glibc
import TenonGraph
import TenonTensor

/// The clang that turns emitted C into shared objects.
package struct CCompiler: Hashable, Sendable {
  /// The program's path, symbolic links resolved.
  package let path: String

  package init(path: String) { self.path = path }

  /// The clang that `TENON_CC` names, else the one beside `swift` on the PATH, else a clang on the
  /// PATH.
  ///
  /// - Throws: `compiler-missing` where there is none.
  package static func find() throws -> CCompiler {
    var tried: [String] = []
    if let name = environment("TENON_CC"), !name.isEmpty {
      if let path = program(name) { return CCompiler(path: path) }
      throw TenonError.compilerMissing(["TENON_CC=\(name)"])
    }
    if let swift = program("swift") {
      let beside = swift.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/clang"
      if let path = program(beside) { return CCompiler(path: path) }
      tried.append(beside)
    }
    for name in ["clang"] + (17...30).reversed().map({ "clang-\($0)" }) {
      if let path = program(name) { return CCompiler(path: path) }
    }
    throw TenonError.compilerMissing(tried + ["clang on the PATH"])
  }

  static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// The path of an executable file, looked for on the PATH where `name` has no slash.
  private static func program(_ name: String) -> String? {
    if name.contains("/") { return access(name, X_OK) == 0 ? resolved(name) : nil }
    for folder in (environment("PATH") ?? "").split(separator: ":") {
      let path = "\(folder)/\(name)"
      if access(path, X_OK) == 0 { return resolved(path) }
    }
    return nil
  }

  private static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// What the file is known by: path, size and time of its last change.
  func identity() -> String {
    var info = stat()
    guard stat(path, &info) == 0 else { return path }
    return "\(path) \(info.st_size) \(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec)"
  }

  /// The first line of `--version`, from the cache where the file has not changed.
  ///
  /// - Throws: `compiler-failed` where the program does not run.
  func version(_ cache: KernelCache) throws -> String {
    let identity = identity()
    if let known = cache.note(named: "compiler", about: identity) { return known }
    let job = ChildProcess.Job(program: path, arguments: ["--version"])
    let outcome = ChildProcess.run([job], atOnce: 1, timeLimit: 20)[0]
    guard outcome.succeeded, let line = outcome.output.split(separator: "\n").first else {
      throw TenonError.compilerFailed(
        "\(path) --version", outcome.ending, output: outcome.output, source: nil)
    }
    cache.keepNote(String(line), named: "compiler", about: identity)
    return String(line)
  }

  /// Flags for looking into kernels, from `TENON_KERNEL_FLAGS`: `-fsanitize=address`, `-g`.
  private static var extraFlags: [String] {
    (environment("TENON_KERNEL_FLAGS") ?? "").split(separator: " ").map(String.init)
  }

  /// Whether kernels are built with a sanitizer, which takes many times as long.
  package static var isSanitizing: Bool { extraFlags.contains { $0.hasPrefix("-fsanitize") } }

  /// Flags that change what is compiled; part of a kernel's key.
  package static func flags(_ target: Target) -> [String] {
    var flags = [
      "-std=gnu11", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-strict-aliasing",
      "-fwrapv", "-ffreestanding", "-fno-builtin", "-fno-asynchronous-unwind-tables",
      "-fno-stack-protector", "-w",
    ]
    switch target.instructionSet {
    case .avx512: flags += ["-march=x86-64-v4", "-mprefer-vector-width=512"]
    case .avx2: flags += ["-march=x86-64-v3"]
    case .neon: flags += ["--target=aarch64-linux-gnu"]
    case .generic: break
    }
    if target.instructionSet.architecture == "x86_64", Target.hostArchitecture != "x86_64" {
      flags.append("--target=x86_64-linux-gnu")
    }
    if target.hasByteDotProduct, target.instructionSet == .avx512 { flags.append("-mavx512vnni") }
    if target.hasBFloat16DotProduct, target.instructionSet == .avx512 {
      flags.append("-mavx512bf16")
    }
    if target.hasTileProducts, target.instructionSet == .avx512 {
      flags += ["-mamx-tile", "-mamx-int8", "-mamx-bf16"]
    }
    return flags + extraFlags
  }

  /// The job that compiles `source` to a shared object.
  func job(_ source: String, target: Target, output: String) -> ChildProcess.Job {
    let flags = CCompiler.flags(target)
    // A sanitizer's functions are in the process that loads the object.
    let isWhole = !CCompiler.isSanitizing
    // The system's linker knows this machine's objects alone.
    let isForeign = ![nil, Target.hostArchitecture].contains(target.instructionSet.architecture)
    return ChildProcess.Job(
      program: path,
      arguments: ["-x", "c", "-"] + flags + ["-fPIC", "-shared", "-nostdlib"]
        + (isForeign ? ["-fuse-ld=lld"] : []) + (isWhole ? ["-Wl,-z,defs"] : [])
        + ["-o", output],
      input: source)
  }
}
