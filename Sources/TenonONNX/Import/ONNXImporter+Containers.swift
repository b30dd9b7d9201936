import TenonGraph
import TenonTensor

extension ONNXValueInfoProto {
  /// Whether the input is a sequence, or an optional.
  var isContainer: Bool {
    switch type.value {
    case .sequenceType, .optionalType: true
    default: false
    }
  }
}

extension ONNXImporter {
  /// The names of the tensors of an input that is a sequence or an optional: elements of a sequence
  /// are `name.0`, `name.1` and so on. What they are, feeds or values to bind tell.
  func elementNames(_ input: ONNXValueInfoProto) -> [String] {
    func isGiven(_ name: String) -> Bool {
      options.feeds?[name] != nil || options.values[name] != nil
    }
    if isGiven(input.name) { return [input.name] }
    var names: [String] = []
    while isGiven("\(input.name).\(names.count)") { names.append("\(input.name).\(names.count)") }
    return names
  }

  /// A sequence or an optional, whose tensors `record` makes inputs of the graph.
  ///
  /// - Throws: `model-input` where there are no feeds, so that nothing tells how many there are, and
  ///   for sequences of sequences.
  func container(_ input: ONNXValueInfoProto, _ record: (String) throws -> Value) throws
    -> ONNXValue
  {
    let names = elementNames(input)
    guard options.feeds != nil || !names.isEmpty else { throw TenonError.inputKind(input.name) }
    func value(_ type: ONNXTypeProto) throws -> ONNXValue? {
      switch type.value {
      case .tensorType:
        return names == [input.name] ? .tensor(try record(input.name)) : nil
      case .sequenceType(let sequence):
        guard case .tensorType? = sequence.elemType.value, names != [input.name] else {
          throw TenonError.inputKind(input.name)
        }
        return .sequence(try names.map { .tensor(try record($0)) })
      case .optionalType(let optional):
        // Nothing given is an optional without a value.
        return .optional(names.isEmpty ? nil : try value(optional.elemType))
      default: throw TenonError.inputKind(input.name)
      }
    }
    guard let found = try value(input.type) else { throw TenonError.inputKind(input.name) }
    return found
  }
}
