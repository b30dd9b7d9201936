/// Cases that a backend does not compute as the reference does. An entry without a failing case is
/// an error: it has been repaired and must go.
struct KnownGap: Hashable, Sendable {
  let op: String
  /// The backend as it is printed, or how it begins.
  let backend: String
  /// A part of the cases' names; all where it is empty.
  let cases: String
  let reason: String

  init(_ op: String, on backend: String, cases: String = "", because reason: String) {
    self.op = op
    self.backend = backend
    self.cases = cases
    self.reason = reason
  }

  static let all: [KnownGap] = []

  func covers(_ op: String, _ name: String, _ backend: String) -> Bool {
    op == self.op && backend.hasPrefix(self.backend) && (cases.isEmpty || name.contains(cases))
  }
}

/// Ops that native plans leave to host steps, each with the reason; a step of any other op is an
/// error, and so is an entry that no case needs any more.
enum HostStepTable {
  static let reasons: [String: String] = [
    "cholesky": "each column waits for the one before it; LAPACK's is not called yet",
    "fft": "no schedule for stages of butterflies yet",
    "select_and_scatter": "a search in windows whose results are then scattered",
    "triangular_solve": "each row waits for the one before it; LAPACK's is not called yet",
  ]
}
