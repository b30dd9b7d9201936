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

  /// Reads the sum of a row, written out, and a vector.
  typealias Sums = (IndexExpression, Int) -> ValueIndex

  /// - Parameters:
  ///   - loops: the loops over the depth, around what they are given, which gets each step's place.
  ///   - column: a vector of the column factor at a step.
  ///   - row: the row factor of a row, written out, at a step: one number.
  func sums(
    over loops: (@escaping (AxisPlaces) -> Void) -> Void,
    column: @escaping (AxisPlaces, Int) -> ValueIndex,
    row: @escaping (AxisPlaces, IndexExpression) -> ValueIndex
  ) -> Sums {
    let sums = builder.register(type, extents: [rows, vectors])
    let factors = builder.register(type, extents: [vectors])
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
        builder.set(RegisterPlace(factors, [index(vector)]), column(place, vector))
      }
      forEachRow { number in
        let factor = builder.splat(row(place, number), lanes: type.lanes)
        for vector in 0..<vectors {
          let target = RegisterPlace(sums, [number, index(vector)])
          let other = builder.read(RegisterPlace(factors, [index(vector)]))
          builder.set(target, multiplyAdd(factor, other, builder.read(target)))
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

  private func multiplyAdd(_ a: ValueIndex, _ b: ValueIndex, _ c: ValueIndex) -> ValueIndex {
    if type.element.isFloat { return builder.define(.multiplyAdd(a, b, c), type) }
    return builder.binary(.add, builder.binary(.multiply, a, b), c)
  }
}
