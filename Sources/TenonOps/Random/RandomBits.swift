import TenonGraph
import TenonTensor

/// Uniform random bits by Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as
/// 1, 2, 3", SC 2011): element i is word 0 (for u64, words 0 and 1, low first) of the block whose
/// counter is (i's low word, i's high word, the step's low word, its high word), under `key`.
///
/// Operands: the key, u32[2], and the step, i64[]. Equal operands give equal bits.
public struct RandomBits: PrimitiveOp {
  public static let name = "random_bits"
  public static let signature = Signature(["key", "step"])
  public let element: ElementType
  public let shape: Shape

  public init(_ element: ElementType, _ shape: Shape) {
    self.element = element
    self.shape = shape
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    try site.require(
      element == .u32 || element == .u64, "element-type", "gives u32 or u64, not \(element)")
    try site.require(
      site.type(0) == .tensor(.u32, [2]), "shape-mismatch", "the key must be u32[2]")
    try site.require(
      site.type(1) == .tensor(.i64, []), "shape-mismatch", "the step must be i64[]")
    return [.tensor(element, shape)]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    let key = try operands[0].scalars(as: UInt32.self)
    let step = UInt64(bitPattern: try operands[1].scalar(as: Int64.self))
    let bits = (0..<RowMajor.count(site.resultShapes[0])).map { index -> Int64 in
      let block = RandomBits.block(
        [
          UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32),
          UInt32(truncatingIfNeeded: step), UInt32(truncatingIfNeeded: step >> 32),
        ], key)
      let low = UInt64(block[0])
      return Int64(bitPattern: element == .u64 ? low | UInt64(block[1]) << 32 : low)
    }
    return [try site.result(0, .integers(bits))]
  }

  /// The four words of one block.
  public static func block(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
    var (words, key) = (counter, key)
    for _ in 0..<10 {
      let a = multipliers.0.multipliedFullWidth(by: words[0])
      let b = multipliers.1.multipliedFullWidth(by: words[2])
      words = [b.high ^ words[1] ^ key[0], b.low, a.high ^ words[3] ^ key[1], a.low]
      key = [key[0] &+ increments.0, key[1] &+ increments.1]
    }
    return words
  }

  static let multipliers: (UInt32, UInt32) = (0xD251_1F53, 0xCD9E_8D57)
  static let increments: (UInt32, UInt32) = (0x9E37_79B9, 0xBB67_AE85)

  public func gradient(_ site: GradientSite) throws -> [Value?] { [nil, nil] }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    var program = ScalarProgram()
    func word(_ value: UInt32) -> ScalarID { program.add(.integer(Int64(value)), .u32) }
    func halves(_ value: ScalarID) -> [ScalarID] {
      let bits = program.add(.bitcast(value), .u64)
      let shift = program.add(.integer(32), .u64)
      let high = program.binary(.shiftRightLogical, bits, shift)
      return [program.convert(bits, to: .u32), program.convert(high, to: .u32)]
    }
    // The element's place in row-major order.
    var place = IndexExpression(0)
    var stride = Dimension(1)
    for axis in shape.indices.reversed() {
      place = place + IndexExpression.axis(axis) * stride
      stride = stride * shape[axis]
    }
    let index = program.add(.index(place), .i64)
    let step = program.load(1, .i64, [])
    var words = halves(index) + halves(step)
    var key = [0, 1].map { program.load(0, .u32, [IndexExpression(Dimension($0))]) }
    let multipliers = [word(RandomBits.multipliers.0), word(RandomBits.multipliers.1)]
    let increments = [word(RandomBits.increments.0), word(RandomBits.increments.1)]
    for _ in 0..<10 {
      let highA = program.binary(.multiplyHigh, multipliers[0], words[0])
      let lowA = program.binary(.multiply, multipliers[0], words[0])
      let highB = program.binary(.multiplyHigh, multipliers[1], words[2])
      let lowB = program.binary(.multiply, multipliers[1], words[2])
      let first = program.binary(.xor, program.binary(.xor, highB, words[1]), key[0])
      let third = program.binary(.xor, program.binary(.xor, highA, words[3]), key[1])
      words = [first, lowB, third, lowA]
      key = [0, 1].map { program.binary(.add, key[$0], increments[$0]) }
    }
    var result = words[0]
    if element == .u64 {
      let low = program.convert(words[0], to: .u64)
      let high = program.convert(words[1], to: .u64)
      let shift = program.add(.integer(32), .u64)
      result = program.binary(.or, low, program.binary(.shiftLeft, high, shift))
    }
    return .compute(Compute(axes: shape.dimensions, program: program, results: [result]))
  }

  public static var samples: Samples {
    Samples(elements: [.u32, .u64]) { element in
      ([[], [0], [7], [3, 5], [2, 67], [2, 3, 4]] as [Shape]).map {
        Samples.Case(RandomBits(element, $0), [TensorType(.u32, [2]), TensorType(.i64, [])])
      }
    }
  }
}

/// A source of random numbers: a key made from a seed and a name, and the step that it is at.
public struct RandomStream {
  let key: (UInt32, UInt32)
  let step: Value?

  /// The stream called `name` of a seed. A `step` (i64[]) that changes from run to run makes the
  /// numbers change with it.
  public init(seed: UInt64, name: String, step: Value? = nil) {
    // FNV-1a of the name, then Philox as the mixing function.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let words = RandomBits.block(
      [UInt32(truncatingIfNeeded: hash), UInt32(truncatingIfNeeded: hash >> 32), 0, 0],
      [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)])
    key = (words[0], words[1])
    self.step = step
  }
}

extension Graph {
  /// Uniform random bits of u32 or u64 elements.
  ///
  /// - Throws: `element-type` for other types.
  public func randomBits(
    _ element: ElementType, _ shape: Shape, stream: RandomStream, fileID: StaticString = #fileID,
    line: UInt = #line
  ) throws -> Value {
    let site = CallSite(fileID: fileID, line: line)
    let key = try apply1(Constant(Tensor([stream.key.0, stream.key.1])), [], site: site)
    let step = try stream.step ?? apply1(Constant(Tensor(Int64(0))), [], site: site)
    return try apply1(RandomBits(element, shape), [key, step], site: site)
  }

  /// Numbers spread evenly over `range`, the upper bound excluded, with 24 random bits each.
  ///
  /// - Throws: `element-type` where `element` is no float.
  public func randomUniform(
    _ element: ElementType, _ shape: Shape, in range: Range<Double> = 0..<1, stream: RandomStream,
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws -> Value {
    try at(CallSite(fileID: fileID, line: line)) {
      let bits = try randomBits(.u32, shape, stream: stream)
      let fraction = try convert(bits / 256, to: .f32) * 0x1p-24
      let spread = try fraction * (range.upperBound - range.lowerBound) + range.lowerBound
      return try convert(spread, to: element)
    }
  }
}
