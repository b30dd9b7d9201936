import TenonGraph
import TenonOps
import TenonTensor

/// The one number that all elements of a constant are.
enum UniformConstant: Equatable {
  case float(Double)
  case integer(Int64)

  /// Positive or integer zero; -0 is another number.
  var isPositiveZero: Bool {
    switch self {
    case .float(let value): value == 0 && value.sign == .plus
    case .integer(let value): value == 0
    }
  }

  var isNegativeZero: Bool {
    if case .float(let value) = self { value == 0 && value.sign == .minus } else { false }
  }

  var isIntegerZero: Bool { self == .integer(0) }

  func isNumber(_ number: Int) -> Bool {
    switch self {
    case .float(let value): value == Double(number)
    case .integer(let value): value == Int64(number)
    }
  }
}

extension RewriteSite {
  /// The number that every element of `value` is, where it is a constant, repeated or not, of at
  /// most so many elements.
  func uniformConstant(_ value: Value, most: Int = 64) -> UniformConstant? {
    var current = value
    while let node = producer(current) {
      switch graph.op(node) {
      case let constant as Constant: return constant.value.tensor.uniformElement(most)
      case is BroadcastInDim, is Reshape: current = operand(0, of: node)
      default: return nil
      }
    }
    return nil
  }
}

extension Tensor {
  /// The number that all elements are; nil where they differ, are no numbers, or are many.
  fileprivate func uniformElement(_ most: Int) -> UniformConstant? {
    guard (1...most).contains(elementCount), let elements = try? elements() else { return nil }
    switch elements {
    case .floats(let values):
      let bits = values[0].bitPattern
      return values.allSatisfy { $0.bitPattern == bits } ? .float(values[0]) : nil
    case .integers(let values):
      return values.allSatisfy { $0 == values[0] } ? .integer(values[0]) : nil
    }
  }
}
