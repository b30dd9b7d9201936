import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct QuantizeContractionsTests {
  @Test func aProductOfDequantizedMatricesSumsIntegers() throws {
    let text =
      try rewritten(
        by: QuantizeContractions.self,
        """
        graph "g" {
          entry "main" ("p" %0: u8[4x2], "q" %1: i8[2x3], "s" %2: f32[], "z" %3: u8[], \
        "t" %4: f32[3]) {
            %5 = dequantize(%0, %2, %3) {axis = 1, blockSize = none}: f32[4x2]
            %6 = dequantize(%1, %4) {axis = 1, blockSize = none}: f32[2x3]
            %7 = matmul(%5, %6): f32[4x3]
          } -> ("y" %7)
        }
        """)
    #expect(
      text == """
        graph "g" {
          entry "main" ("p" %0: u8[4x2], "q" %1: i8[2x3], "s" %2: f32[], "z" %3: u8[], "t" %4: \
        f32[3]) {
            %5 = convert(%0) {element = i16}: i16[4x2]
            %6 = convert(%3) {element = i16}: i16[]
            %7 = broadcast_in_dim(%6) {shape = [4, 2], dimensions = []}: i16[4x2]
            %8 = subtract(%5, %7): i16[4x2]
            %9 = convert(%1) {element = i16}: i16[2x3]
            %10 = dot_general(%8, %9) {lhsBatching = [], rhsBatching = [], lhsContracting = \
        [1], rhsContracting = [0], result = i32}: i32[4x3]
            %11 = broadcast_in_dim(%2) {shape = [3], dimensions = []}: f32[3]
            %12 = multiply(%11, %4): f32[3]
            %13 = broadcast_in_dim(%12) {shape = [4, 3], dimensions = [1]}: f32[4x3]
            %14 = convert(%10) {element = f32}: f32[4x3]
            %15 = multiply(%14, %13): f32[4x3]
          } -> ("y" %15)
        }

        """)
  }

  /// The rule to the bit: the exact sum as a float, times the scales, over the result's scale, rounded
  /// half to even, plus the zero point, saturated.
  @Test func theResultIsThatOfTheRule() throws {
    let (rows, terms, columns) = (3, 5, 4)
    let p = (0..<rows * terms).map { UInt8($0 * 37 % 256) }
    let q = (0..<terms * columns).map { Int8(truncatingIfNeeded: $0 * 53) }
    let (s, z, u, v): (Float, UInt8, Float, UInt8) = (0.02, 113, 0.35, 120)
    let t: [Float] = [0.01, 0.5, 0.03, 0.002]
    let graph = Graph("rule")
    let x = try dequantize(
      graph.input("p", .u8, [3, 5]), scale: graph.scalar(Double(s), .f32),
      zeroPoint: graph.scalar(Int(z), .u8))
    let w = try dequantize(graph.input("q", .i8, [5, 4]), scale: graph.constant(Tensor(t)))
    try graph.output(
      "y",
      quantize(
        matmul(x, w), to: .u8, scale: graph.scalar(Double(u), .f32),
        zeroPoint: graph.scalar(Int(v), .u8)))
    try Pipeline.standard.run(
      on: graph, target: Target(.generic), catalog: .standard, options: PassOptions(verify: true))
    let outputs = try Interpreter(graph).run(
      graph.entries[0],
      inputs: ["p": Tensor(p, shape: [rows, terms]), "q": Tensor(q, shape: [terms, columns])],
      variables: []
    ).outputs
    var expected: [UInt8] = []
    for row in 0..<rows {
      for column in 0..<columns {
        var sum: Int32 = 0
        for term in 0..<terms {
          sum += (Int32(p[row * terms + term]) - Int32(z)) * Int32(q[term * columns + column])
        }
        let real = Float(sum) * (s * t[column])
        let rounded = (real / u).rounded(.toNearestOrEven) + Float(v)
        expected.append(UInt8(max(0, min(255, rounded))))
      }
    }
    #expect(outputs[0].1.isIdentical(to: try Tensor(expected, shape: [rows, columns])))
    #expect(Set(expected).count > 4)
  }

  @Test func sumsThatMayNotFitStay() throws {
    let graph = Graph("long")
    let one = try graph.scalar(1, .f32)
    let x = try dequantize(graph.input("p", .u8, [1, 40_000]), scale: one)
    let w = try dequantize(graph.input("q", .u8, [40_000, 1]), scale: one)
    try graph.output("y", dotGeneral(x, w, lhsContracting: [1], rhsContracting: [0]))
    let context = PassContext(testing: graph)
    try context.run(QuantizeContractions.self)
    #expect(context.log.passes[0].isUnchanged)
    #expect(
      context.log.passes[0].refusals.map(\.reason) == [
        "sums of 40000 products may not fit in i32"
      ])
  }

  @Test func scalesAlongASummedAxisStay() throws {
    let graph = Graph("summed")
    let x = try dequantize(graph.input("p", .i8, [2, 3]), scale: graph.scalar(1, .f32))
    let w = try dequantize(
      graph.input("q", .i8, [3, 2]), scale: graph.constant(Tensor([1, 2, 3] as [Float])), axis: 0)
    try graph.output("y", dotGeneral(x, w, lhsContracting: [1], rhsContracting: [0]))
    let context = PassContext(testing: graph)
    try context.run(QuantizeContractions.self)
    #expect(context.log.passes[0].isUnchanged)
    #expect(
      context.log.passes[0].refusals.map(\.reason) == [
        "scales along an axis that is summed over stay with the operand"
      ])
  }

  @Test func aZeroPointOfZeroGoes() throws {
    let graph = Graph("zero")
    let zero = try graph.scalar(0, .u8)
    let x = try graph.input("x", .f32, [3])
    let narrow = try quantize(x, to: .u8, scale: graph.scalar(0.5, .f32), zeroPoint: zero)
    let wide = try dequantize(
      graph.input("p", .u8, [3]), scale: graph.scalar(0.5, .f32), zeroPoint: zero)
    try graph.output("y", narrow)
    try graph.output("z", wide)
    let context = PassContext(testing: graph, options: PassOptions(verify: true))
    try context.run(QuantizeContractions.self)
    #expect(context.log.passes[0].checkedEdits == 2)
    for node in graph.nodes(graph.entries[0].region)
    where !(graph.op(node) is Constant) { #expect(graph.operandCount(node) == 2) }
  }

  @Test func aConvolutionPadsWithTheZeroPoint() throws {
    let graph = Graph("conv")
    let x = try dequantize(
      graph.input("p", .u8, [1, 2, 4, 4]), scale: graph.scalar(0.5, .f32),
      zeroPoint: graph.scalar(7, .u8))
    let w = try dequantize(
      graph.input("q", .i8, [3, 2, 3, 3]),
      scale: graph.constant(Tensor([0.5, 1, 2] as [Float])), axis: 0)
    try graph.output("y", conv2d(x, w, padding: 1))
    let context = PassContext(testing: graph, options: PassOptions(verify: true))
    try context.run(QuantizeContractions.self)
    #expect(context.log.passes[0].checkedEdits == 1)
    #expect(
      graph.nodes(graph.entries[0].region).map { type(of: graph.op($0)).name } == [
        "constant", "constant", "constant", "convert", "convert", "broadcast_in_dim", "subtract",
        "convert", "convolution", "broadcast_in_dim", "multiply", "broadcast_in_dim", "convert",
        "multiply",
      ])
  }
}
