import TenonTensor

extension ElementType {
  /// The types whose elements views and data movement copy: all but complex numbers and strings.
  public static let movable: [ElementType] = allCases.filter { !$0.isComplex && $0 != .string }
}
