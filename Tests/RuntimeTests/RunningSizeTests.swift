import TenonTensor
import Testing

@testable import TenonRuntime

@Suite struct RunningSizeTests {
  static let n = Symbol.running("n", maximum: 1000)
  static let m = Symbol.running("m", maximum: 8)

  static func affine() throws -> Session {
    var sketch = PlanSketch("affine", symbols: [n])
    let x = sketch.input("x", .f32, [Dimension(n)])
    let y = sketch.output("y", .f32, [Dimension(n)])
    sketch.plan.steps = [PlanSketch.elementwise("affine", [x, y], Dimension(n), tile: 32)]
    return try sketch.session()
  }

  @Test func oneSessionServesEverySize() throws {
    let session = try RunningSizeTests.affine()
    for count in [1000, 0, 1, 31, 32, 33, 999, 2] {
      let results = try session.run([Tensor((0..<count).map { Float($0) })])
      #expect(results[0].shape == [count])
      #expect(try results[0].scalars() == (0..<count).map { Float(2 * $0 + 1) })
    }
  }

  /// Reads m from an input, then computes on n * m + floordiv(n, 3) elements.
  static func reading(threads: Int) throws -> Session {
    var sketch = PlanSketch("reading", symbols: [n, m])
    let x = sketch.input("x", .f32, [8000 + 334])
    let lengths = sketch.input("lengths", .i16, [Dimension(n)])
    let which = sketch.input("m", .i64, Shape.scalar)
    _ = lengths
    let size = Dimension(n) * Dimension(m) + Dimension(n).floorDivided(by: 3)
    let y = sketch.output("y", .f32, [size])
    sketch.plan.steps = [
      Step(.readSize(m, from: which), label: "read_m", origins: "Decode.swift:3"),
      PlanSketch.elementwise("affine", [x, y], size, tile: 100),
    ]
    return try sketch.session(threads: threads)
  }

  @Test(arguments: [1, 2]) func anEarlierStepGivesASize(threads: Int) throws {
    let session = try RunningSizeTests.reading(threads: threads)
    let x = Tensor((0..<8334).map { Float($0) })
    for (n, m) in [(1000, 8), (10, 3), (5, 0), (0, 4)] {
      let lengths = Tensor([Int16](repeating: 0, count: n))
      let results = try session.run([x, lengths, Tensor(Int64(m))])
      let count = n * m + n / 3
      #expect(results[0].shape == [count])
      #expect(try results[0].scalars() == (0..<count).map { Float(2 * $0 + 1) })
    }
  }

  @Test func aSizeReadOutOfRangeFails() throws {
    let session = try RunningSizeTests.reading(threads: 2)
    let x = try Tensor([Float](repeating: 0, count: 8334), shape: [8334])
    let lengths = Tensor([Int16(0)])
    for value in [9, -1] {
      expectError(
        """
        reading: step read_m read \(value) as the size m, which must lie between 0 and 8
          at Decode.swift:3
        """
      ) { try session.run([x, lengths, Tensor(Int64(value))]) }
    }
  }

  @Test func aSizeWithoutValueFails() throws {
    var sketch = PlanSketch("divide", symbols: [RunningSizeTests.n, RunningSizeTests.m])
    let x = sketch.input("x", .f32, [Dimension(RunningSizeTests.n)])
    let k = sketch.input("k", .f32, [Dimension(RunningSizeTests.m)])
    _ = k
    let y = sketch.output("y", .f32, [1000])
    let size = Dimension(RunningSizeTests.n).floorDivided(by: Dimension(RunningSizeTests.m))
    sketch.plan.steps = [
      PlanSketch.kernel("affine", [x, y], sizes: [size, 64], origins: "Divide.swift:8")
    ]
    let session = try sketch.session()
    let x1 = Tensor([Float](repeating: 1, count: 4))
    #expect(try session.run([x1, Tensor([Float(0), 0])])[0].scalars()[1] == Float(3))
    expectError(
      """
      divide: size floordiv(n, m) of step affine has no value
        with n = 4, m = 0
        at Divide.swift:8
      """
    ) { try session.run([x1, Tensor([Float]())]) }
  }

  @Test func sizeExpressionsAgreeWithDimensions() throws {
    let (n, m) = (Dimension(RunningSizeTests.n), Dimension(RunningSizeTests.m))
    let sizes: [Dimension] = [
      n, n * 3 + m - 2, n * m * m, (n - m).floorDivided(by: 4), (m - n).floorDivided(by: 4),
      (m - n).remainder(dividingBy: 5), n.floorDivided(by: m), n.remainder(dividingBy: m),
      .minimum(n, m * 7), .maximum(n - 30, m), n * Dimension(1 << 61), n * Dimension(-(1 << 61)),
      .minimum(.maximum(n.floorDivided(by: m + 1), m) * 2, (n * 2).ceilingDivided(by: 7)) + 1,
    ]
    for (a, b) in [(0, 1), (1, 1), (17, 3), (1000, 8), (5, 0)] {
      var expressions = SizeExpressions(symbols: [RunningSizeTests.n, RunningSizeTests.m])
      for (index, size) in sizes.enumerated() { #expect(expressions.index(of: size) == index) }
      let values = expressions.values([Int64(a), Int64(b)])
      for (index, size) in sizes.enumerated() {
        let expected = size.evaluated { $0 == RunningSizeTests.n ? a : b }
        #expect(values[index] == expected.map { Int64($0) } ?? Int64.min, "\(size) at \(a), \(b)")
      }
    }
  }
}
