import Tenon

extension TenonError {
  static func modelKind(_ path: String) -> TenonError {
    TenonError(
      "model-kind", "\(path): not a kind of model this command reads; it reads .tenon and .onnx")
  }

  static func noEntry(_ name: String, _ known: [String]) -> TenonError {
    TenonError(
      "unknown-entry", "the model has no entry \(name)",
      details: ["entries: " + known.joined(separator: ", ")])
  }

  static func entryChoice(_ names: [String]) -> TenonError {
    names.isEmpty
      ? TenonError("entry-choice", "the model has no entry that only computes; name one: --entry")
      : TenonError(
        "entry-choice", "the model has more than one entry; choose one: --entry",
        details: ["entries: " + names.joined(separator: ", ")])
  }

  static func dimensionConflict(_ name: String, _ given: Int, _ size: Int, input: String)
    -> TenonError
  {
    TenonError(
      "dimension", "dimension \(name) is \(given), but input \(input) has \(size) there")
  }

  static func fixedMaximum(_ name: String) -> TenonError {
    TenonError(
      "dimension",
      "--max-dim \(name): only models that are imported take it; a saved graph has its own")
  }

  static func missingInputs(_ entry: String, _ missing: [String], _ needed: [(String, TensorType)])
    -> TenonError
  {
    TenonError(
      "feed",
      "entry \(entry): \(missing.count == 1 ? "input" : "inputs") \(missing.joined(separator: ", ")) "
        + "missing; give each as --input NAME=FILE.npy",
      details: needed.map { "\($0.0)  \($0.1)" })
  }

  static func inputsFormat(_ path: String) -> TenonError {
    TenonError("feed", "--inputs \(path): must be an .npz or .safetensors file")
  }

  static func givenTwice(_ name: String) -> TenonError {
    TenonError("feed", "input \(name) is given twice")
  }

  static func unknownPassName(_ name: String, _ known: [String]) -> TenonError {
    TenonError(
      "unknown-pass", "there is no pass \(name)",
      details: ["passes: " + known.joined(separator: ", ")])
  }
}
