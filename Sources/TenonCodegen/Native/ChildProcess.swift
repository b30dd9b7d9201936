import Glibc

/// Programs run beside each other, their input given and their output caught.
package struct ChildProcess {
  /// What to run.
  package struct Job {
    /// A path, or a name that is looked for on the PATH.
    package var program: String
    package var arguments: [String]
    package var input: String

    package init(program: String, arguments: [String], input: String = "") {
      self.program = program
      self.arguments = arguments
      self.input = input
    }
  }

  /// How it ended.
  package struct Outcome: Hashable {
    package enum Ending: Hashable {
      case exited(Int32)
      case killed(signal: Int32)
      case timedOut
      /// It could not be started, with the system's reason.
      case notStarted(String)
    }

    package var ending: Ending
    /// Standard output and standard error together.
    package var output: String

    package var succeeded: Bool { ending == .exited(0) }
  }

  private var pid: pid_t
  /// A socket: the child's standard input at its other end.
  private var input: Int32
  private var output: Int32
  private let text: [UInt8]
  private var written = 0
  private var caught: [UInt8] = []
  private let deadline: UInt64

  private init(pid: pid_t, input: Int32, output: Int32, text: [UInt8], deadline: UInt64) {
    self.pid = pid
    self.input = input
    self.output = output
    self.text = text
    self.deadline = deadline
  }

  /// Runs all jobs, at most `atOnce` at a time, each for at most `timeLimit` seconds; outcomes in
  /// the order of the jobs. `ended` is told of each as soon as it has ended.
  package static func run(
    _ jobs: [Job], atOnce: Int, timeLimit: Int = 120, ended: (Int, Outcome) -> Void = { _, _ in }
  ) -> [Outcome] {
    var outcomes = [Outcome?](repeating: nil, count: jobs.count)
    var running: [(job: Int, child: ChildProcess)] = []
    var next = 0
    while next < jobs.count || !running.isEmpty {
      while next < jobs.count, running.count < atOnce {
        switch start(jobs[next], timeLimit: timeLimit) {
        case .success(let child): running.append((next, child))
        case .failure(let failure):
          let outcome = Outcome(ending: .notStarted(failure.reason), output: "")
          outcomes[next] = outcome
          ended(next, outcome)
        }
        next += 1
      }
      if running.isEmpty { continue }
      wait(for: &running)
      for place in running.indices.reversed() {
        if let outcome = running[place].child.step() {
          let job = running.remove(at: place).job
          outcomes[job] = outcome
          ended(job, outcome)
        }
      }
    }
    return outcomes.map { $0! }
  }

  private struct StartFailure: Error { var reason: String }

  private static func start(_ job: Job, timeLimit: Int) -> Result<ChildProcess, StartFailure> {
    var input: [Int32] = [-1, -1]
    var output: [Int32] = [-1, -1]
    let streaming = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, streaming, 0, &input) == 0 else { return failure(errno) }
    guard socketpair(AF_UNIX, streaming, 0, &output) == 0 else {
      let reason = errno
      input.forEach { close($0) }
      return failure(reason)
    }
    defer {
      close(input[1])
      close(output[1])
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input[1], 0)
    posix_spawn_file_actions_adddup2(&actions, output[1], 1)
    posix_spawn_file_actions_adddup2(&actions, output[1], 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, so that what it starts can be ended with it; and no signal blocked that
    // the calling thread blocks: a shell would wait for ever.
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    posix_spawnattr_setsigmask(&attributes, &unblocked)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
    var pid: pid_t = 0
    var arguments = ([job.program] + job.arguments).map { strdup($0) } + [nil]
    defer { arguments.forEach { free($0) } }
    let status = posix_spawnp(&pid, job.program, &actions, &attributes, &arguments, environ)
    guard status == 0 else {
      close(input[0])
      close(output[0])
      return failure(status)
    }
    _ = fcntl(output[0], F_SETFL, O_NONBLOCK)
    return .success(
      ChildProcess(
        pid: pid, input: input[0], output: output[0], text: Array(job.input.utf8),
        deadline: now() + UInt64(timeLimit) * 1_000_000_000))
  }

  private static func failure(_ reason: Int32) -> Result<ChildProcess, StartFailure> {
    .failure(StartFailure(reason: String(cString: strerror(reason))))
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private static func wait(for running: inout [(job: Int, child: ChildProcess)]) {
    var files: [pollfd] = []
    for (_, child) in running {
      files.append(pollfd(fd: child.output, events: Int16(POLLIN), revents: 0))
      if child.input >= 0 {
        files.append(pollfd(fd: child.input, events: Int16(POLLOUT), revents: 0))
      }
    }
    poll(&files, nfds_t(files.count), 100)
  }

  /// Moves what can be moved; the outcome where the child has ended.
  private mutating func step() -> Outcome? {
    writeInput()
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(output, &buffer, buffer.count)
      if count > 0 {
        if caught.count < 1 << 20 { caught += buffer[..<count] }
      } else if count == 0 {
        return end(timedOut: false)
      } else if errno == EAGAIN || errno == EINTR {
        break
      } else {
        return end(timedOut: false)
      }
    }
    if ChildProcess.now() > deadline {
      kill(-pid, SIGKILL)
      return end(timedOut: true)
    }
    return nil
  }

  private mutating func writeInput() {
    while input >= 0 {
      let count = text.withUnsafeBytes { bytes in
        send(
          input, bytes.baseAddress.map { $0 + written }, bytes.count - written,
          Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count >= 0 {
        written += count
        if written < text.count { continue }
      } else if errno == EAGAIN || errno == EINTR {
        return
      }
      // All is written, or the child reads no more.
      close(input)
      input = -1
    }
  }

  private mutating func end(timedOut: Bool) -> Outcome {
    if input >= 0 { close(input) }
    close(output)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    let ending: Outcome.Ending =
      timedOut
      ? .timedOut : signal != 0 ? .killed(signal: signal) : .exited((status >> 8) & 0xFF)
    return Outcome(ending: ending, output: String(decoding: caught, as: UTF8.self))
  }
}
