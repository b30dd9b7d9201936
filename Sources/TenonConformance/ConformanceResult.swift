import TenonFormats

/// What became of a case.
public struct ConformanceResult: Hashable, Sendable {
  public enum Outcome: String, Hashable, Sendable {
    case passed, failed, skipped
  }

  public var name: String
  public var outcome: Outcome
  /// Why it failed or was skipped; empty where it passed.
  public var reason: String
  /// Seconds spent on the case alone; compiling kernels is shared by many.
  public var seconds: Double

  public init(name: String, _ outcome: Outcome, reason: String = "", seconds: Double = 0) {
    self.name = name
    self.outcome = outcome
    self.reason = reason
    self.seconds = seconds
  }
}

extension [ConformanceResult] {
  public func count(_ outcome: ConformanceResult.Outcome) -> Int {
    reduce(0) { $0 + ($1.outcome == outcome ? 1 : 0) }
  }

  /// `12 passed, 3 failed, 1 skipped`.
  public var summary: String {
    "\(count(.passed)) passed, \(count(.failed)) failed, \(count(.skipped)) skipped"
  }

  /// The results as JSON text: `passed`, `failed`, `skipped`, and for each of `cases` its `name`,
  /// `result`, `reason` and `seconds`.
  public var json: String {
    let cases = map { result in
      JSON.object(
        JSON.Object([
          ("name", .string(result.name)), ("result", .string(result.outcome.rawValue)),
          ("reason", .string(result.reason)), ("seconds", .number(result.seconds)),
        ]))
    }
    let all = JSON.object(
      JSON.Object([
        ("passed", .number(count(.passed))), ("failed", .number(count(.failed))),
        ("skipped", .number(count(.skipped))), ("cases", .array(cases)),
      ]))
    return String(decoding: all.utf8(indent: 1), as: UTF8.self) + "\n"
  }
}
