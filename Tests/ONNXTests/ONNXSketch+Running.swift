import TenonCompiler
import TenonTensor

@testable import TenonONNX

extension ONNXSketch {
  /// The outputs for inputs whose shapes and values are known when importing.
  func run(_ feeds: [String: Tensor], _ backend: Backend = .reference) throws -> [String: Tensor] {
    try run(feeds, ONNXImportOptions(feeds: feeds), [:], backend)
  }

  /// The outputs of a graph whose named sizes are open: running ones up to `maximum`, or bound when
  /// compiled.
  func run(
    _ feeds: [String: Tensor], sizes: [String: Int], maximum: Int?,
    _ backend: Backend = .reference
  ) throws -> [String: Tensor] {
    guard let maximum else { return try run(feeds, ONNXImportOptions(), sizes, backend) }
    return try run(
      feeds, ONNXImportOptions(maximumSizes: sizes.mapValues { _ in maximum }), [:], backend)
  }

  private func run(
    _ feeds: [String: Tensor], _ options: ONNXImportOptions, _ sizes: [String: Int],
    _ backend: Backend
  ) throws -> [String: Tensor] {
    let imported = try imported(options)
    let names = imported.graph.entry("main")!.arguments.compactMap { binding -> String? in
      if case .port(let name) = binding { return name } else { return nil }
    }
    let program = try compile(imported.graph, CompileOptions(sizes: sizes, backend: backend))
    return try program.run("main", feeds.filter { names.contains($0.key) })
  }

  /// The text of the error that an import throws.
  func message(_ options: ONNXImportOptions = ONNXImportOptions()) -> String {
    do { _ = try imported(options) } catch { return "\(error)" }
    return "no error"
  }
}
