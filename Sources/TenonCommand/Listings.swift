import ArgumentParser
import Tenon

/// `tenon ops`: the catalogue.
struct Ops: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ops", abstract: "Lists the ops of the catalogue.")

  @Flag(help: "Lists the operators that are read from ONNX models in their place.")
  var onnx = false

  func run() {
    if onnx {
      print(Console.table(ONNXOperatorTable.standard.rows))
      print("\(ONNXOperatorTable.standard.operators.count) operators")
      return
    }
    let rows = OpCatalog.standard.ops.map { op -> [String] in
      let signature = op.signature
      return [
        op.versionedName, op is any CompositeOp.Type ? "composite" : "primitive",
        "(\(signature.operands.joined(separator: ", "))) -> "
          + "(\(signature.results.joined(separator: ", ")))",
      ]
    }
    print(Console.table([["op", "kind", "operands and results"]] + rows))
    print("\(rows.count) ops")
  }
}

/// `tenon passes`: the pipeline.
struct Passes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "passes", abstract: "Lists the graph passes in the order in which they run.")

  func run() {
    for name in Pipeline.standard.names { print(name) }
  }
}
