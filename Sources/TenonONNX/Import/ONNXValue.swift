import TenonGraph
import TenonTensor

/// What a name of a model stands for while the model is imported.
///
/// Sequences and optionals exist only during the import: their elements are values of the graph,
/// and how many there are must be known when recording.
public indirect enum ONNXValue {
  case tensor(Value)
  case sequence([ONNXValue])
  /// An optional, with or without its value.
  case optional(ONNXValue?)

  /// `tensor`, `sequence`, `optional`, for messages.
  var kind: String {
    switch self {
    case .tensor: "a tensor"
    case .sequence: "a sequence"
    case .optional: "an optional"
    }
  }
}

/// The names that nodes of a graph see: its own and those of the graphs around it.
final class NameScope {
  private let outer: NameScope?
  private var values: [String: ONNXValue] = [:]

  init(in outer: NameScope? = nil) { self.outer = outer }

  func value(_ name: String) -> ONNXValue? { values[name] ?? outer?.value(name) }

  /// Whether this scope itself, not one around it, has the name.
  func defines(_ name: String) -> Bool { values[name] != nil }

  func define(_ name: String, _ value: ONNXValue) { values[name] = value }
}
