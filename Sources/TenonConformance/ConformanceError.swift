import TenonTensor

extension TenonError {
  static func unreadableFolder(_ path: String) -> TenonError {
    TenonError("file-read", "\(path): no folder that can be read")
  }

  static func noCases(_ path: String) -> TenonError {
    TenonError(
      "no-cases",
      "\(path): no test case in it; a case is a folder with model.onnx and test_data_set_0")
  }

  static func outputType(_ name: String, _ got: Tensor, _ wanted: Tensor) -> TenonError {
    TenonError(
      "case-output", "output \(name): \(got.typeDescription) instead of \(wanted.typeDescription)")
  }

  static func outputString(_ name: String, _ index: [Int], _ got: String, _ wanted: String)
    -> TenonError
  {
    TenonError("case-output", "output \(name): at \(index) `\(got)` instead of `\(wanted)`")
  }

  static func outputElements(
    _ name: String, count: Int, of all: Int, _ tolerance: ConformanceTolerance, at index: [Int],
    _ got: Double, _ wanted: Double
  ) -> TenonError {
    TenonError(
      "case-output",
      "output \(name): \(count) of \(all) elements differ by more than \(tolerance.absolute) + "
        + "\(tolerance.relative) * |expected|; the largest at \(index): \(got) instead of \(wanted)"
    )
  }

  static func outputMissing(_ name: String, _ given: [String]) -> TenonError {
    TenonError(
      "case-output", "output \(name) is missing",
      details: ["outputs: \(given.joined(separator: ", "))"])
  }

  static func outputLength(_ name: String, _ got: Int, _ wanted: Int) -> TenonError {
    TenonError("case-output", "output \(name): \(got) elements instead of \(wanted)")
  }
}
