import TenonGraph
import TenonOps
import TenonTensor

/// A model file in the ONNX format, read as its published schema (IR versions 3 to 14) says.
///
///     let model = try ONNXModel(path: "resnet50.onnx")
///     let graph = try model.graph().graph
public final class ONNXModel {
  let file: ONNXFile

  /// Opens a model; its weights stay in the file.
  ///
  /// - Throws: `file-read`, and `model-file` for bytes that are no model.
  public init(path: String) throws { file = try ONNXFile(path: path) }

  /// A model in memory. External data cannot be reached from one.
  ///
  /// - Throws: `model-file` for bytes that are no model.
  public init(_ bytes: [UInt8], name: String = "model") throws {
    file = try ONNXFile(bytes, name: name)
  }

  /// Records the model as the entry `main` of a new graph.
  ///
  /// With `options.feeds`, inputs whose values decide shapes are bound by value as needed.
  ///
  /// - Throws: `unsupported-operators` with all of them; `value-needed` where an input must be
  ///   bound by value; and what operators throw, each with the node's name.
  public func graph(_ options: ONNXImportOptions = ONNXImportOptions()) throws -> ImportedONNX {
    var options = options
    while true {
      do {
        let imported = try ONNXImporter(file, options).run()
        try imported.graph.checkConstants()
        return imported
      } catch let needed as NeededValues {
        let missing = needed.inputs.filter { options.values[$0] == nil }
        guard let feeds = options.feeds, !missing.isEmpty,
          missing.allSatisfy({ feeds[$0] != nil })
        else { throw needed.error.inContext("while importing \(file.name)") }
        for name in missing { options.values[name] = feeds[name] }
      } catch let error as TenonError {
        throw error.inContext("while importing \(file.name)")
      }
    }
  }

  /// Looks for operators that an import would refuse, without importing.
  ///
  /// - Throws: `unsupported-operators` with all of them: how often and where each is used.
  public func checkOperators(_ table: ONNXOperatorTable = .standard) throws {
    try TenonError.inContext("in \(file.name)") { try ONNXSurvey(file.proto, table).check() }
  }

  /// The nodes of the model's graph, those of its functions and subgraphs not counted.
  public var nodeCount: Int { file.proto.graph.node.count }
}

/// A model as a graph.
public struct ImportedONNX {
  public var graph: Graph
  /// The inputs that were bound by value, which the graph does not take, sorted.
  public var boundInputs: [String]
}
