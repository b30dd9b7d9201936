import TenonTensor
import Testing

@testable import TenonConformance

/// Workers that end as they should not: shell scripts that say what a worker would.
@Suite struct ConformanceRunTests {
  private let cases = (0..<4).map { ConformanceCase(name: "case_\($0)", folder: "/f\($0)") }

  /// Runs a script as the worker; `says` prints a step as a worker does.
  private func run(_ script: String, together: Int = 4) -> [ConformanceResult] {
    let says = "says() { printf '\\001tenon-check %s\\n' \"$1\"; }; input=$(cat); "
    return ConformanceRun(
      ConformanceOptions(secondsPerCase: 7, casesTogether: together),
      worker: ["/bin/sh", "-c", says + script], processes: 2
    ).check(cases)
  }

  /// Each case is done, but for `bad`, at which the script does `fault`.
  private func script(bad: String, _ fault: String) -> String {
    """
    number=0
    echo "$input" | { while read -r line; do
      says "[\\"run\\", $number]"
      case "$line" in *\(bad)*) \(fault);; esac
      says "[\\"done\\", $number, \\"passed\\", \\"\\", 0.5]"
      number=$((number + 1))
    done; }
    """
  }

  @Test func allAreDone() {
    let results = run(script(bad: "none", ":"))
    #expect(
      results == cases.map { ConformanceResult(name: $0.name, .passed, seconds: 0.5) })
  }

  @Test func oneThatCrashesFailsAlone() {
    let results = run(script(bad: "case_1", "echo 'Fatal error: broken' >&2; kill -SEGV $$; exit"))
    #expect(results.map(\.outcome) == [.passed, .failed, .passed, .passed])
    #expect(results[1].reason == "crashed with signal 11: Fatal error: broken")
  }

  @Test func oneThatTakesTooLongFailsAlone() {
    let results = run(script(bad: "case_3", "kill -ALRM $$; exit"), together: 2)
    #expect(results.map(\.outcome) == [.passed, .passed, .passed, .failed])
    #expect(results[3].reason == "took longer than 7 s")
  }

  @Test func aWorkerThatSaysNothing() {
    #expect(
      run("exit 3").map(\.reason)
        == cases.map { _ in "the process that checks it ended with status 3" })
    let missing = ConformanceRun(
      ConformanceOptions(), worker: ["/no/such/program"], processes: 1
    ).check(cases)
    #expect(
      missing.map(\.reason)
        == cases.map { _ in
          "the process that checks it did not start: No such file or directory"
        })
  }
}
