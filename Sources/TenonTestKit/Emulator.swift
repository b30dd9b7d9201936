import Glibc
import Synchronization
import TenonCodegen
import TenonCompiler
import TenonGraph
import TenonRuntime
import TenonTensor

/// A processor of another family, emulated by QEMU's user mode: runs kernels that this machine
/// cannot. They run in a process of its own, which starts with the first call.
package final class Emulator: Sendable {
  /// `aarch64`.
  package let family: String
  private let program: String
  private let child = Mutex<Child?>(nil)

  private init(family: String, program: String) { (self.family, self.program) = (family, program) }

  /// The emulator of aarch64; nil where this machine runs neon kernels itself, or where something
  /// is `missing`.
  package static let aarch64: Emulator? = (try? found.get()).flatMap { $0 }

  /// Why there is no emulator of aarch64, for suites that need it.
  package static var missing: String {
    switch found {
    case .success: "this machine runs aarch64 itself"
    case .failure(let reason): reason.description
    }
  }

  private struct Reason: Error, CustomStringConvertible { let description: String }

  private static let found: Result<Emulator?, Reason> = find("aarch64", Target(.neon))

  private static func find(_ family: String, _ target: Target) -> Result<Emulator?, Reason> {
    if target.runs(on: .host()) { return .success(nil) }
    func fails(_ program: String, _ arguments: [String]) -> String? {
      let job = ChildProcess.Job(program: program, arguments: arguments)
      let outcome = ChildProcess.run([job], atOnce: 1, timeLimit: 60)[0]
      return outcome.succeeded ? nil : "\(outcome.ending) \(outcome.output)"
    }
    if CCompiler.isSanitizing {
      return .failure(Reason(description: "sanitized kernels need their own process"))
    }
    guard let compiler = try? CCompiler.find().path else {
      return .failure(Reason(description: "there is no clang"))
    }
    if fails("qemu-\(family)", ["--version"]) != nil {
      return .failure(Reason(description: "needs qemu-\(family), of the Debian package qemu-user"))
    }
    let program = TemporaryFolder.make() + "/kernel-server"
    let built = fails(
      compiler,
      [
        "--target=\(family)-linux-gnu", "-fuse-ld=lld", "-O2",
        PackageFiles.place("Tests/Emulation/kernel-server.c"), "-o", program,
      ])
    if built != nil {
      return .failure(
        Reason(
          description: "needs a C library of \(family), of the Debian package libc6-dev-arm64-cross"
        ))
    }
    return .success(Emulator(family: family, program: program))
  }

  /// The words that run a program of the family.
  package func command(_ program: String) -> (program: String, arguments: [String]) {
    ("qemu-\(family)", ["-L", "/usr/\(family)-linux-gnu", program])
  }

  /// One call of a kernel.
  package struct Call: @unchecked Sendable {
    package var objectPath: String
    package var symbol: String
    /// What it reads and writes; those written are copied back.
    package var memory: [UnsafeMutableRawBufferPointer]
    package var isWritten: [Bool]
    /// For each of the kernel's buffers, the memory it is in.
    package var buffers: [Int]
    package var sizes: [Int]
    /// Which memory is scratch.
    package var scratch: Int
    /// Tiles, the first and the end of each call of the function.
    package var pieces: [(Int, Int)]

    package init(
      objectPath: String, symbol: String, memory: [UnsafeMutableRawBufferPointer],
      isWritten: [Bool], buffers: [Int], sizes: [Int], scratch: Int, pieces: [(Int, Int)]
    ) {
      self.objectPath = objectPath
      self.symbol = symbol
      self.memory = memory
      self.isWritten = isWritten
      self.buffers = buffers
      self.sizes = sizes
      self.scratch = scratch
      self.pieces = pieces
    }
  }

  /// Runs a kernel.
  ///
  /// - Throws: `emulator` where it ends, hangs or does not load the kernel.
  package func run(_ call: Call) throws {
    try child.withLock { child in
      if child == nil {
        let (program, arguments) = command(self.program)
        child = try Child(program, arguments)
      }
      do {
        try child!.send(call)
        try child!.receive(call)
      } catch {
        child = nil
        throw error
      }
    }
  }

  /// An entry for the emulated machine, whose kernel steps are run there and all else here.
  ///
  /// - Throws: what loading throws.
  package func executable(_ planned: PlannedEntry) throws -> any Executable {
    let kernels = planned.entry.kernels.compactMap(\.native)
    let intercepted = InterceptedPlan(
      planned.entry.plan, hostFunctions: planned.hostFunctions
    ) { site in
      let kernel = kernels[site.kernel]
      return .instead { try self.run(kernel, $0) }
    }
    var plan = intercepted.plan
    (plan.objects, plan.kernels) = ([], [])
    return try Session(
      LoadedPlan(plan, hostFunctions: intercepted.hostFunctions), store: VariableStore(),
      threads: 1)
  }

  private func run(_ kernel: CompiledKernel, _ moment: KernelMoment) throws {
    let numbers = 0..<((moment.memory.max() ?? -1) + 1)
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: kernel.scratchBytes, alignment: 64)
    defer { scratch.deallocate() }
    memset(scratch.baseAddress!, 0, scratch.count)
    try run(
      Call(
        objectPath: kernel.objectPath, symbol: kernel.symbol,
        memory: numbers.map(moment.bytes(ofMemory:)) + [scratch],
        isWritten: numbers.map { number in
          moment.memory.indices.contains {
            moment.memory[$0] == number && kernel.kernel.buffers[$0].isOutput
          }
        } + [false],
        buffers: moment.memory, sizes: moment.sizes, scratch: numbers.count,
        pieces: [(0, moment.tiles)]))
  }
}

/// The process that runs kernels, and the socket to it; one thread at a time uses it.
private final class Child: @unchecked Sendable {
  private let process: pid_t
  private let socket: Int32

  init(_ program: String, _ arguments: [String]) throws {
    var ends: [Int32] = [-1, -1]
    let streaming = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, streaming, 0, &ends) == 0 else {
      throw TenonError.emulator(String(cString: strerror(errno)))
    }
    defer { close(ends[1]) }
    var limit = timeval(tv_sec: 300, tv_usec: 0)
    setsockopt(
      ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    var process: pid_t = 0
    let status = posix_spawnp(&process, program, &actions, nil, &words, environ)
    guard status == 0 else {
      close(ends[0])
      throw TenonError.emulator(String(cString: strerror(status)))
    }
    (self.process, socket) = (process, ends[0])
  }

  deinit {
    close(socket)
    kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
  }

  func send(_ call: Emulator.Call) throws {
    var message: [UInt8] = []
    func add(_ number: Int) {
      withUnsafeBytes(of: Int64(number)) { message.append(contentsOf: $0) }
    }
    for text in [call.objectPath, call.symbol] {
      add(text.utf8.count)
      message += text.utf8
    }
    add(call.memory.count)
    for (memory, isWritten) in zip(call.memory, call.isWritten) {
      add(memory.count)
      add(isWritten ? 1 : 0)
      message.append(contentsOf: UnsafeRawBufferPointer(memory))
    }
    for numbers in [call.buffers, call.sizes] {
      add(numbers.count)
      numbers.forEach(add)
    }
    add(call.scratch)
    add(call.pieces.count)
    for (first, end) in call.pieces {
      add(first)
      add(end)
    }
    try message.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = Glibc.send(
          socket, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
        guard count > 0 else { throw TenonError.emulator("it ended before a call") }
        sent += count
      }
    }
  }

  func receive(_ call: Emulator.Call) throws {
    var length: Int64 = 0
    try withUnsafeMutableBytes(of: &length) { try receive($0, call) }
    if length != 0 {
      var message = [UInt8](repeating: 0, count: Int(length))
      try message.withUnsafeMutableBytes { try receive($0, call) }
      throw TenonError.emulator(String(decoding: message, as: UTF8.self))
    }
    for (memory, isWritten) in zip(call.memory, call.isWritten) where isWritten {
      try receive(memory, call)
    }
  }

  private func receive(_ bytes: UnsafeMutableRawBufferPointer, _ call: Emulator.Call) throws {
    var received = 0
    while received < bytes.count {
      let count = recv(socket, bytes.baseAddress! + received, bytes.count - received, 0)
      guard count > 0 else {
        throw TenonError.emulator(
          count == 0 ? "kernel \(call.symbol) ended it" : "kernel \(call.symbol) takes too long")
      }
      received += count
    }
  }
}

extension TenonError {
  fileprivate static func emulator(_ reason: String) -> TenonError {
    TenonError("emulator", "emulator: \(reason)")
  }
}
