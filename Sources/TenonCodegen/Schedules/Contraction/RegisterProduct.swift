import TenonGraph
import TenonTensor

/// Sums of products in registers: some rows of some vectors, for each step of depth numbers of the
/// rows by vectors of the columns.
struct RegisterProduct {
  let builder: KernelBuilder
  /// Of the sums.
  let type: LaneType
  let rows: Int
  let vectors: Int
  /// Vectors of the column factor: numbers as the sums have them, or for each sum a tuple of
  /// narrower ones.
  let factors: LaneType
  /// Of the row factor.
  let rowElement: ElementType

  init(
    builder: KernelBuilder, type: LaneType, rows: Int, vectors: Int, factors: LaneType? = nil,
    rowElement: ElementType? = nil
  ) {
    self.builder = builder
    self.type = type
    self.rows = rows
    self.vectors = vectors
    self.factors = factors ?? type
    self.rowElement = rowElement ?? type.element
  }

  /// Reads the sum of a row, written out, and a vector.
  typealias Sums = (IndexExpression, Int) -> ValueIndex

  /// - Parameters:
  ///   - loops: the loops over the depth, around what they are given, which gets each step's place.
  ///   - column: a vector of the column factor at a step.
  ///   - row: the row factor of a row, written out, at a step: one number, or one tuple.
  func sums(
    over loops: (@escaping (AxisPlaces) -> Void) -> Void,
    column: @escaping (AxisPlaces, Int) -> ValueIndex,
    row: @escaping (AxisPlaces, IndexExpression) -> ValueIndex
  ) -> Sums {
    let sums = builder.register(type, extents: [rows, vectors])
    let columns = builder.register(factors, extents: [vectors])
    func index(_ number: Int) -> IndexExpression { IndexExpression(Dimension(number)) }
    let zero = builder.splat(
      builder.define(type.element.isFloat ? .float(0) : .integer(0), LaneType(type.element)),
      lanes: type.lanes)
    forEachRow { number in
      for vector in 0..<vectors {
        builder.set(RegisterPlace(sums, [number, index(vector)]), zero)
      }
    }
    loops { place in
      for vector in 0..<vectors {
        builder.set(RegisterPlace(columns, [index(vector)]), column(place, vector))
      }
      forEachRow { number in
        let factor = builder.define(
          .splat(row(place, number)), LaneType(rowElement, lanes: factors.lanes))
        for vector in 0..<vectors {
          let target = RegisterPlace(sums, [number, index(vector)])
          let other = builder.read(RegisterPlace(columns, [index(vector)]))
          builder.set(target, multiplyAdd(row: factor, other, builder.read(target)))
        }
      }
    }
    return { builder.read(RegisterPlace(sums, [$0, index($1)])) }
  }

  /// `body` for each row, written out.
  func forEachRow(_ body: (IndexExpression) -> Void) {
    builder.loop(to: IndexExpression(Dimension(rows)), kind: .unrolled) { number in
      builder.bound(number, below: Dimension(rows))
      body(number)
    }
  }

  private func multiplyAdd(row a: ValueIndex, _ b: ValueIndex, _ c: ValueIndex) -> ValueIndex {
    if factors.lanes != type.lanes {
      // Bytes without a sign come first.
      let (first, second) = factors.element == .u8 ? (b, a) : (a, b)
      return builder.define(.dotProduct(first, second, c), type)
    }
    if type.element.isFloat { return builder.define(.multiplyAdd(a, b, c), type) }
    return builder.binary(.add, builder.binary(.multiply, a, b), c)
  }
}
