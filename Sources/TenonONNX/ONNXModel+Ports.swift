extension ONNXModel {
  /// An input or an output as the model declares it.
  package struct Port {
    package let name: String
    package let kind: ONNXValueFile.Kind
    /// Whether the file gives its value.
    package let isInitialized: Bool
  }

  /// The inputs, in the file's order, those that have an initializer included.
  package var inputs: [Port] {
    let graph = file.proto.graph
    let initialized = Set(
      graph.initializer.map(\.name) + graph.sparseInitializer.map(\.values.name))
    return graph.input.map { Port($0, isInitialized: initialized.contains($0.name)) }
  }

  /// The outputs, in the file's order.
  package var outputs: [Port] {
    file.proto.graph.output.map { Port($0, isInitialized: false) }
  }
}

extension ONNXModel.Port {
  fileprivate init(_ info: ONNXValueInfoProto, isInitialized: Bool) {
    name = info.name
    kind =
      switch info.type.value {
      case .tensorType, nil: .tensor
      case .sequenceType: .sequence
      case .optionalType: .optional
      case .mapType, .sparseTensorType: .other
      }
    self.isInitialized = isInitialized
  }
}
