import Glibc
import TenonFormats
import TenonTensor

/// The process that checks some cases for another one: it reads them from standard input, a JSON
/// array a line, and says on standard output what it is about to do. A case that crashes ends it; a
/// case that takes too long ends it by SIGALRM.
public enum ConformanceWorker {
  /// Begins each line that is meant for the process that waits.
  static let mark = "\u{1}tenon-check "

  /// Checks the cases that standard input names.
  ///
  /// - Throws: `json` for input that is not what `ConformanceRun` writes.
  public static func run(_ options: ConformanceOptions) throws {
    var cases: [ConformanceCase] = []
    while let line = readLine() {
      let parts = try JSON(parsing: Array(line.utf8), name: "case").array ?? []
      guard parts.count == 2, let name = parts[0].string, let folder = parts[1].string else {
        throw TenonError("json", "a case must read [NAME, FOLDER]")
      }
      cases.append(ConformanceCase(name: name, folder: folder))
    }
    ConformanceChecker(options).checkTogether(cases) { step in
      switch step {
      case .plan, .run: alarm(UInt32(options.secondsPerCase))
      // Compilers have a time limit of their own.
      case .compile, .done: alarm(0)
      }
      say(step)
    }
  }

  static func input(_ cases: [ConformanceCase]) -> String {
    cases.map { one in
      String(
        decoding: JSON.array([.string(one.name), .string(one.folder)]).utf8(), as: UTF8.self) + "\n"
    }.joined()
  }

  private static func say(_ step: ConformanceChecker.Step) {
    let parts: [JSON] =
      switch step {
      case .plan(let number): [.string("plan"), .number(number)]
      case .compile: [.string("compile")]
      case .run(let number): [.string("run"), .number(number)]
      case .done(let number, let result):
        [
          .string("done"), .number(number), .string(result.outcome.rawValue),
          .string(String(result.reason.prefix(4000))), .number(result.seconds),
        ]
      }
    let line = mark + String(decoding: JSON.array(parts).utf8(), as: UTF8.self) + "\n"
    var bytes = Array(line.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }

  /// What a worker said before it ended.
  struct Account {
    var results: [Int: ConformanceResult] = [:]
    /// The case that was being worked on; nil between cases and while kernels were compiled.
    var current: Int?
    /// The last line that was not meant for us: why it crashed.
    var lastWords = ""

    init(_ output: String, _ cases: [ConformanceCase]) {
      for line in output.split(separator: "\n") {
        guard line.hasPrefix(ConformanceWorker.mark),
          let step = try? JSON(
            parsing: Array(line.dropFirst(ConformanceWorker.mark.count).utf8), name: "step"
          ).array, let kind = step.first?.string
        else {
          if line.contains("Fatal error") || lastWords.isEmpty { lastWords = String(line) }
          continue
        }
        current = kind == "plan" || kind == "run" ? step[1].integer : nil
        guard kind == "done", step.count == 5, let number = step[1].integer,
          cases.indices.contains(number),
          let outcome = ConformanceResult.Outcome(rawValue: step[2].string ?? "")
        else { continue }
        results[number] = ConformanceResult(
          name: cases[number].name, outcome, reason: step[3].string ?? "",
          seconds: step[4].double ?? 0)
      }
    }
  }
}
