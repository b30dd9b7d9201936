import TenonTensor

/// The literals that a graph's text names instead of writing them out, each once, in the order of
/// the text: `literal.0`, `literal.1`.
public final class LiteralTable {
  public private(set) var tensors: [(name: String, tensor: Tensor)] = []
  private var names: [Literal: String] = [:]
  private let taken: Set<String>

  /// - Parameter taken: names that no literal may get.
  public init(avoiding taken: [String] = []) { self.taken = Set(taken) }

  /// The literal's name, a new one where it has none yet.
  func name(of literal: Literal) -> String {
    if let name = names[literal] { return name }
    var number = tensors.count
    while taken.contains("literal.\(number)") || number < nextNumber { number += 1 }
    nextNumber = number + 1
    let name = "literal.\(number)"
    names[literal] = name
    tensors.append((name, literal.tensor))
    return name
  }

  private var nextNumber = 0
}
