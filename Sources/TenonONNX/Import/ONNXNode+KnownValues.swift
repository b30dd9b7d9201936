import TenonGraph
import TenonOps
import TenonTensor

extension ONNXNode {
  /// The tensor of input `position`, whose elements must be known when importing.
  ///
  /// - Throws: `value-needed` where a run decides it, with the inputs to bind by value.
  public func constant(_ position: Int) throws -> Tensor {
    let value = try input(position)
    if let tensor = try importer.constants.tensor(value) { return tensor }
    throw importer.needed(value, fail("input \(position) must be known", code: "value-needed"))
  }

  /// The tensor of input `position` where its elements are known, else nil.
  public func knownTensor(_ position: Int) throws -> Tensor? {
    guard let value = try optionalInput(position) else { return nil }
    return try importer.constants.tensor(value)
  }

  /// The elements of an integer input, which decide shapes: numbers or expressions of sizes.
  ///
  /// - Throws: `value-needed` where a run decides them; `model-node` for a rank over 1.
  public func sizes(_ position: Int) throws -> [Dimension] {
    let value = try input(position)
    if let known = value.knownElements { return known }
    return try integers(position).map { Dimension($0) }
  }

  /// The elements of an integer input as numbers.
  ///
  /// - Throws: `value-needed` where a run decides them; `model-node` where they are no integers.
  public func integers(_ position: Int) throws -> [Int] {
    let tensor = try constant(position)
    try require(tensor.elementType.isInteger, "input \(position) must hold integers")
    return try tensor.integers().map { Int($0) }
  }

  /// The elements of a number input, widened.
  ///
  /// - Throws: `value-needed` where a run decides them.
  public func doubles(_ position: Int) throws -> [Double] { try constant(position).doubles() }

  /// Integers that older versions take as an attribute and newer ones, from `since` on, as input
  /// `position`; nil where they are not given.
  ///
  /// - Throws: `value-needed` where a run decides them.
  public func integers(_ name: String, orInput position: Int, since: Int) throws -> [Int]? {
    if version < since { return try integers(name) }
    return has(position) ? try integers(position) : nil
  }
}

extension ONNXNode {
  /// Whether input `position` is known in a run alone, and how many elements it may have already now.
  func isDecidedByRuns(_ position: Int) throws -> Bool {
    try input(position).shape.elementCount.upperBound != nil && knownTensor(position) == nil
  }

  /// A name for a size that a run decides: a word with a number that makes it new.
  func newSize(_ word: String) -> String {
    var number = 0
    while graph.symbol(named: "\(word)_\(number)") != nil { number += 1 }
    importer.sizesOfRuns.insert("\(word)_\(number)")
    return "\(word)_\(number)"
  }

  /// A value of which nothing can be taken along an axis that a run may leave empty, with one more
  /// place there.
  func neverEmpty(_ x: Value, axis: Int) throws -> Value {
    let size = x.shape[axis]
    guard size.symbols.contains(where: { importer.sizesOfRuns.contains($0.name) }),
      size.range.map({ $0.lowerBound <= 0 }) ?? true
    else { return x }
    var high = x.shape.map { _ in Dimension(0) }
    high[axis] = 1
    return try TenonOps.pad(x, low: high.map { _ in 0 }, high: high)
  }
}

/// Thrown where an operator needs a value that only a run knows: the import may be tried again with
/// the inputs that go into it bound by value.
struct NeededValues: Error {
  /// The graph's inputs that go into the value.
  var inputs: [String]
  var error: TenonError
}

extension ONNXImporter {
  /// The error for an operand that must be known and is not.
  func needed(_ value: Value, _ error: TenonError) -> any Error {
    var error = error
    var inputs: [String] = []
    for argument in constants.arguments(of: value) {
      guard let name = inputNames[argument] else {
        error.details.append("it depends on what a loop or a random number gives")
        return error
      }
      inputs.append(name)
    }
    inputs.sort()
    if inputs.isEmpty {
      error.details.append(
        "it depends on sizes that are not known; bind them: \(openSizes.joined(separator: ", "))")
    } else {
      error.details.append(
        "it depends on \(inputs.joined(separator: ", ")); bind the input by value, or give its size"
      )
    }
    return NeededValues(inputs: inputs, error: error)
  }
}
