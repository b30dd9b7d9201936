/// An op of one result on at most three operands: what its inference depends on, where no operand
/// has known elements.
struct InferenceKey: InternKey {
  private var op: OpID
  private var operands: (Int32, Int32, Int32) = (-1, -1, -1)
  private(set) var hash: UInt

  init(_ op: OpID) {
    self.op = op
    hash = mixed(0, UInt(UInt32(bitPattern: op.rawValue)))
  }

  /// Adds the type of the operand at a position below 3.
  @inline(__always)
  mutating func add(_ type: TypeID, at position: Int) {
    switch position {
    case 0: operands.0 = type.rawValue
    case 1: operands.1 = type.rawValue
    default: operands.2 = type.rawValue
    }
    hash = mixed(hash, UInt(UInt32(bitPattern: type.rawValue)))
  }

  @inline(__always)
  static func == (a: InferenceKey, b: InferenceKey) -> Bool {
    a.op == b.op && a.operands == b.operands
  }
}
