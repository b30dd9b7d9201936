import TenonGraph
import TenonTensor

/// How a value is computed. Operands of one operation have the same number of lanes unless said.
package enum Operation: Hashable, Sendable {
  /// The same number in each lane.
  case float(Double)
  case integer(Int64)
  /// An index, as one i64.
  case index(IndexExpression)
  /// 0, 1, 2 … in the lanes.
  case laneNumber
  /// A value's lanes again and again: in most cases its one lane.
  case splat(ValueIndex)
  /// Elements side by side from an address on; lanes from `count` on (an i64) are zero and not
  /// read. A `mask` of one lane says whether anything is read, one of all lanes which elements are;
  /// where it is false, `fill` is the value.
  case load(Address, count: ValueIndex?, mask: ValueIndex?, fill: ValueIndex?)
  /// Element `offset + lane * step` for each lane where `mask` holds, else `fill`.
  case loadStrided(Address, step: Int, mask: ValueIndex?, fill: ValueIndex?)
  /// Element `offset + indices[lane]` for each lane where `mask` holds, else `fill`.
  case gather(Address, indices: ValueIndex, mask: ValueIndex?, fill: ValueIndex?)
  /// The present content of a register.
  case read(RegisterPlace)
  case unary(UnaryFunction, ValueIndex)
  case binary(BinaryFunction, ValueIndex, ValueIndex)
  /// `a * b + c`, rounded once where the target can, else twice.
  case multiplyAdd(ValueIndex, ValueIndex, ValueIndex)
  /// The third, an i32 or f32 in each lane, plus the products of the numbers of the first two that
  /// lie where the lane does: four of u8 and i8, or two of i16, whose sums wrap; or two of bf16, the
  /// second first, of which subnormal ones count as 0.
  case dotProduct(ValueIndex, ValueIndex, ValueIndex)
  /// Of integers, rounded toward minus infinity, by a positive number.
  case floorDivide(ValueIndex, ValueIndex)
  /// Of integers, never negative, by a positive number.
  case floorRemainder(ValueIndex, ValueIndex)
  case compare(Comparison, ValueIndex, ValueIndex)
  case select(ValueIndex, ValueIndex, ValueIndex)
  case convert(ValueIndex)
  case bitcast(ValueIndex)
  /// The lanes combined by a tree: the upper half with the lower, again and again.
  case combineLanes(BinaryFunction, ValueIndex)
  /// Lanes of two vectors in turn: a₀ b₀ a₁ b₁ … of their lower halves, or of their upper.
  case interleave(ValueIndex, ValueIndex, upper: Bool)
  /// Whether a `bool` vector has all lanes set.
  case allLanes(ValueIndex)
  /// Whether the caller handed in one memory as two buffers: an output in the place of an input.
  case isSameMemory(Int, Int)
}

/// A register, or an element of a register array.
package struct RegisterPlace: Hashable, Sendable, CustomStringConvertible {
  package var register: Int
  package var indices: [IndexExpression]

  package init(_ register: Int, _ indices: [IndexExpression] = []) {
    self.register = register
    self.indices = indices
  }

  package var description: String {
    "r\(register)"
      + (indices.isEmpty ? "" : "[" + indices.map(\.description).joined(separator: ", ") + "]")
  }
}

/// One step of a kernel's body.
package indirect enum Statement: Hashable, Sendable {
  case define(ValueIndex, Operation)
  case set(RegisterPlace, ValueIndex)
  /// Writes the lanes side by side from the address on; only the first `count` (an i64) where
  /// given.
  case store(Address, ValueIndex, count: ValueIndex?)
  /// Asks for the cache line of an element to be brought near: it need not exist, and nothing else
  /// depends on it.
  case prefetch(Address, CacheLevel)
  /// A step of making sums of products in tiles, whose registers are the kernel's own.
  case tiles(TileProduct, TileStep)
  case loop(Loop)
  /// Runs the first statements where a one-lane `bool` holds, else the second.
  case conditional(ValueIndex, [Statement], [Statement])
}

/// How near a prefetched cache line is wanted.
package enum CacheLevel: Int, Hashable, Sendable {
  case first = 1
  case second
}

/// Statements repeated for a variable.
package struct Loop: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case serial
    /// Written out in full: the bounds are constants.
    case unrolled
  }

  package var variable: Int
  package var lower: IndexExpression
  /// The variable stays below it.
  package var upper: IndexExpression
  package var step: Int
  package var kind: Kind
  /// How many times the compiler is asked to write out the body of a serial loop.
  package var copies: Int
  package var body: [Statement]
}

extension Operation {
  /// The values read, in order; those inside index expressions included.
  package var operands: [ValueIndex] {
    switch self {
    case .float, .integer, .laneNumber, .isSameMemory: []
    case .index(let index): index.scalars
    case .load(let address, let count, let mask, let fill):
      address.offset.scalars + [count, mask, fill].compactMap { $0 }
    case .loadStrided(let address, _, let mask, let fill):
      address.offset.scalars + [mask, fill].compactMap { $0 }
    case .gather(let address, let indices, let mask, let fill):
      address.offset.scalars + [indices] + [mask, fill].compactMap { $0 }
    case .read(let place): place.indices.flatMap(\.scalars)
    case .splat(let a), .unary(_, let a), .convert(let a), .bitcast(let a),
      .combineLanes(_, let a), .allLanes(let a):
      [a]
    case .interleave(let a, let b, _), .binary(_, let a, let b), .compare(_, let a, let b),
      .floorDivide(let a, let b),
      .floorRemainder(let a, let b):
      [a, b]
    case .multiplyAdd(let a, let b, let c), .dotProduct(let a, let b, let c),
      .select(let a, let b, let c):
      [a, b, c]
    }
  }

  /// True where the value depends on its operands alone, not on memory or registers.
  package var isPure: Bool {
    switch self {
    case .load, .loadStrided, .gather, .read: false
    default: true
    }
  }
}
