import TenonGraph
import TenonTensor

extension TenonError {
  static func unknownVariable(_ name: String, known: [String]) -> TenonError {
    TenonError(
      "unknown-variable", "freeze: the graph has no variable \(name)",
      details: ["variables: " + (known.isEmpty ? "none" : known.joined(separator: ", "))])
  }

  static func frozenType(_ variable: VariableRecord, _ value: Tensor) -> TenonError {
    TenonError(
      "assigned-type",
      "freeze: variable \(variable.name) holds \(variable.type), given \(value.typeDescription)")
  }

  static func unknownEntry(_ name: String, known: [String]) -> TenonError {
    TenonError(
      "unknown-entry", "the graph has no entry \(name)",
      details: ["entries: " + (known.isEmpty ? "none" : known.joined(separator: ", "))])
  }

  static func unboundSymbols(_ entry: String, _ symbols: [String]) -> TenonError {
    TenonError(
      "unbound-symbol",
      "compile: entry \(entry) has dimensions without a number: \(symbols.joined(separator: ", ")); "
        + "bind them: `sizes: [\"\(symbols[0])\": 1]`, or `--dim \(symbols[0])=1`")
  }

  static func foreignTarget(_ target: String, here: String) -> TenonError {
    TenonError(
      "foreign-target",
      "compile: kernels for \(target) do not run on this machine, which has \(here); make a plan "
        + "file for another machine with `tenon compile`")
  }

  static let emptyGraph = TenonError(
    "empty-graph", "compile: the graph has no entry; declare an `output` first")
}
