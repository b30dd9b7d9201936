import TenonTensor

// What the native path says.
extension TenonError {
  static func compilerMissing(_ tried: [String]) -> TenonError {
    TenonError(
      "compiler-missing",
      "kernels: no C compiler was found; set TENON_CC to a clang of version 17 or newer",
      details: ["tried: " + tried.joined(separator: ", ")])
  }

  static func compilerFailed(
    _ program: String, _ ending: ChildProcess.Outcome.Ending, output: String, source: String?
  ) -> TenonError {
    var details = ["command: " + program]
    switch ending {
    case .exited(let status): details.append("exit status: \(status)")
    case .killed(let signal): details.append("ended by signal \(signal)")
    case .timedOut: details.append("it ran past its time limit and was ended")
    case .notStarted(let reason): details.append("it could not be started: \(reason)")
    }
    let lines = output.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
    details += lines.prefix(8).map { "said: \($0)" }
    if let source { details.append("source kept as: \(source)") }
    return TenonError(
      "compiler-failed", "kernels: the C compiler did not accept the emitted code",
      details: details)
  }

  static func kernelUnsupported(_ what: String) -> TenonError {
    TenonError("kernel-unsupported", "kernels: \(what) has no native kernel")
  }

  static func cacheFailed(_ path: String, _ reason: String) -> TenonError {
    TenonError(
      "cache-failed", "kernels: the kernel cache could not be written; set TENON_CACHE to a folder",
      details: ["path: \(path)", "reason: \(reason)"])
  }
}
