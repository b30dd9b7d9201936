import TenonTensor

extension TenonError {
  static func rewriteCount(_ rule: String, _ op: String, results: Int, given: Int) -> TenonError {
    TenonError(
      "rewrite",
      "rule \(rule): \(op) has \(results) results, given \(given) replacements; give one for each")
  }

  static func rewriteUsed(_ rule: String, _ op: String, result: Int) -> TenonError {
    TenonError(
      "rewrite", "rule \(rule): result \(result) of \(op) is used, so it needs a replacement")
  }

  static func rewriteType(_ rule: String, _ op: String, _ old: ValueType, _ new: ValueType)
    -> TenonError
  {
    TenonError(
      "rewrite",
      "rule \(rule): the result of \(op) is \(old), its replacement \(new); "
        + "record a conversion in the rewrite")
  }

  static func rewriteRegion(_ rule: String, _ op: String) -> TenonError {
    TenonError(
      "rewrite",
      "rule \(rule): a replacement of \(op) must be another value of the same region")
  }

  static func rulesUndoEachOther(_ a: String, _ b: String, op: String, at line: String?)
    -> TenonError
  {
    let message =
      a == b
      ? "rule \(a) undoes itself on \(op); make it refuse what it produces"
      : "rules \(a) and \(b) undo each other on \(op); let one refuse what the other produces"
    return TenonError("rules-undo-each-other", message, location: line)
  }

  static func wrongRewrite(
    _ rule: String, _ op: String, _ reason: String, _ difference: String, at line: String?
  ) -> TenonError {
    TenonError(
      "wrong-rewrite",
      "rule \(rule): the replacement of \(op) computes something else; correct the rule",
      details: ["its reason: \(reason)", difference], location: line)
  }

  static func crossedBarrier(_ rule: String, _ op: String, at line: String?) -> TenonError {
    TenonError(
      "wrong-rewrite",
      "rule \(rule): \(op) keeps apart what is before and after it; "
        + "a rewrite must record another in its place",
      location: line)
  }

  static func wrongPass(_ entry: String, _ difference: String) -> TenonError {
    TenonError(
      "wrong-pass", "entry \(entry) computes something else after the pass; correct the pass",
      details: [difference])
  }
}
