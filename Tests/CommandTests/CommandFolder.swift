import Glibc
import TenonFormats

@testable import TenonCodegen

/// A new folder in which the command `tenon` runs as a process.
struct CommandFolder {
  /// The command beside the tests' program.
  static let program: String = {
    var own = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &own, own.count - 1)
    let program = String(
      decoding: own[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return program.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/tenon"
  }()

  let path: String

  init() throws {
    var template = Array("/tmp/tenon-command-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The command beside the tests' program, run in the folder with no variables but those given,
  /// until it fails or has run so many times.
  func tenon(
    _ arguments: String, _ variables: String = "", times: Int = 1
  ) -> ChildProcess.Outcome {
    return ChildProcess.run(
      [
        ChildProcess.Job(
          program: "/bin/sh",
          arguments: [
            "-c",
            "cd \(path); for i in $(seq \(times)); do "
              + "env -i \(variables) \(CommandFolder.program) \(arguments) || exit; done",
          ])
      ], atOnce: 1, timeLimit: 300)[0]
  }

  func bytes(_ name: String) throws -> [UInt8] {
    let source = try ByteSource(path: file(name))
    return try source.copy(0..<source.count)
  }

  func remove() {
    _ = ChildProcess.run(
      [ChildProcess.Job(program: "/bin/rm", arguments: ["-rf", path])], atOnce: 1)
  }
}
