import TenonGraph
import TenonTensor

extension ScalarProgram {
  /// A zero of any type that views copy.
  mutating func zero(_ type: ElementType) -> ScalarID {
    if type.isInteger || type == .bool { return add(.integer(0), type) }
    return type.isStorageOnly
      ? convert(add(.float(0), .f32), to: type)
      : convert(constant(0, type), to: type)
  }

  /// An integer as i64, brought into 0 ... `greatest`.
  mutating func clamped(_ index: ScalarID, to greatest: Dimension) -> ScalarID {
    var value = index
    if type(index) == .u64 {
      // Numbers past i64 would turn negative.
      let limit = convert(add(.size(greatest), .i64), to: .u64)
      value = binary(.minimum, value, limit)
    }
    let wide = convert(value, to: .i64)
    let raised = binary(.maximum, wide, add(.integer(0), .i64))
    return binary(.minimum, raised, add(.size(greatest), .i64))
  }
}

extension ReferenceArithmetic {
  /// An integer of `type` brought into 0 ... `greatest`.
  static func clamped(_ index: Int64, _ type: ElementType, to greatest: Int) -> Int {
    if type == .u64, index < 0 { return greatest }
    return min(max(0, Int(index)), greatest)
  }
}
