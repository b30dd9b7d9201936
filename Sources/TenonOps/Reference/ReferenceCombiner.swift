import TenonGraph
import TenonTensor

/// Reduction by a named combiner in the wide form, rounded once at the end.
struct ReferenceCombiner {
  private let combiner: Combiner
  let element: ElementType

  /// Nil for a combiner without a name.
  init?(_ combiner: Combiner?, _ element: ElementType) {
    guard let combiner else { return nil }
    if case .program = combiner { return nil }
    self.combiner = combiner
    self.element = element
  }

  func float(_ a: Double, _ b: Double) -> Double {
    switch combiner {
    case .sum: a + b
    case .product: a * b
    case .maximum: ReferenceArithmetic.maximum(a, b)
    case .minimum: ReferenceArithmetic.minimum(a, b)
    case .and, .or, .program: preconditionFailure("internal: not a combiner of floats")
    }
  }

  func integer(_ a: Int64, _ b: Int64) -> Int64 {
    switch combiner {
    case .sum: element == .bool ? a | b : a &+ b
    case .product: element == .bool ? a & b : a &* b
    case .maximum: ReferenceArithmetic.isLess(a, b, element) ? b : a
    case .minimum: ReferenceArithmetic.isLess(b, a, element) ? b : a
    case .and: a & b
    case .or: a | b
    case .program: preconditionFailure("internal: not a named combiner")
    }
  }

  /// Each group of elements combined, starting from the initial value, which also stands for nil.
  func reduce(_ x: Tensor, _ initial: Tensor, _ groups: [[Int?]], _ site: EvaluationSite) throws
    -> Tensor
  {
    switch (try x.elements(), try initial.elements()) {
    case (.floats(let values), .floats(let start)):
      return try site.result(
        0,
        .floats(groups.map { $0.reduce(start[0]) { float($0, $1.map { values[$0] } ?? start[0]) } })
      )
    case (.integers(let values), .integers(let start)):
      return try site.result(
        0,
        .integers(
          groups.map { group in
            ReferenceArithmetic.wrapped(
              group.reduce(start[0]) { integer($0, $1.map { values[$0] } ?? start[0]) }, element)
          }))
    default: preconditionFailure("internal: operands of two kinds")
    }
  }
}

extension Tensor {
  /// The element at a row-major offset, as a tensor of rank 0.
  func element(at offset: Int) throws -> Tensor {
    try Tensor(
      elementType, shape: [], storage: storage,
      byteOffset: byteOffset + offset * elementType.byteWidth)
  }

  /// The elements of tensors one after another as one tensor.
  init(joining parts: [Tensor], _ element: ElementType, shape: [Int]) throws {
    try self.init(element, shape: shape) { bytes in
      var at = 0
      for part in parts {
        part.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: bytes[at..<at + $0.count]).copyMemory(from: $0)
          at += $0.count
        }
      }
    }
  }
}
