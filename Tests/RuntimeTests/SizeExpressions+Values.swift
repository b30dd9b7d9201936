import CTenonKernels

@testable import TenonRuntime

extension SizeExpressions {
  /// All values at the given sizes of the symbols.
  func values(_ symbols: [Int64]) -> [Int64] {
    var stack = [Int64](repeating: 0, count: stackDepth)
    return code.withUnsafeBufferPointer { code in
      var at = code.baseAddress
      return (0..<count).map { _ in tenon_size_evaluate(&at, symbols, &stack) }
    }
  }
}
