import TenonTensor

// What plan files say.
extension TenonError {
  static func noPlanFile(_ key: String) -> TenonError {
    TenonError("plan-file", "plan file: it holds no plan: its metadata lack `\(key)`")
  }

  static func newerPlanForm(_ version: String) -> TenonError {
    TenonError(
      "plan-file",
      "plan file: it is of form \(shownTarget(version)), and this Tenon reads form "
        + "\(PlanFile.formatVersion); compile the model again")
  }

  static func damagedPlan(_ what: String) -> TenonError {
    TenonError("plan-file", "plan file: it is damaged: \(what); compile the model again")
  }

  static func otherArchitecture(_ architecture: String, here: String) -> TenonError {
    TenonError(
      "plan-file",
      "plan file: it is for \(shownTarget(architecture)) processors, and this one is \(here); "
        + "compile the model here")
  }

  static func otherTarget(_ target: String, here: String, set: String) -> TenonError {
    TenonError(
      "plan-file",
      "plan file: it is for \(target), and this machine has \(here); compile the model with "
        + "`--target \(set)`")
  }

  /// A word out of a file, made fit for a message.
  static func shownTarget(_ text: String) -> String {
    let kept = text.unicodeScalars.prefix(40).map { scalar in
      (0x20...0x7E).contains(scalar.value) ? Character(scalar) : "?"
    }
    return "`" + String(kept) + (kept.count < text.unicodeScalars.count ? "..." : "") + "`"
  }
}
