import Glibc
import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// Streaming attention against softmax(scale · Q Kᵀ + mask) V in f64.
@Suite struct AttentionKernelTests {
  @Test(arguments: NativeRun.targets, [0, 1, 2])
  func meansWhatItComputes(target: Target, part: Int) throws {
    var small = target
    // Small enough that some cases have several blocks of positions.
    small.level1Bytes = 4096
    let cases = try (0..<12).map { try AttentionCase.random(UInt64(part * 12 + $0)) }
    for target in [target, small] { try AttentionCase.check(cases, target) }
  }

  @Test(arguments: NativeRun.targets)
  func rowsThatSeeNothingAreZero(target: Target) throws {
    let shape: [Int] = [1, 2, 5, 3]
    let tensor = try Tensor(.f32, shape: shape, doubles: (0..<30).map { Double($0 % 7) - 3 })
    let mask = try Tensor(.bool, shape: [5, 5], integers: (0..<25).map { $0 < 10 ? 0 : 1 })
    let type = TensorType(.f32, Shape(shape.map { Dimension($0) }))
    let one = AttentionCase(
      name: "nothing",
      group: KernelGroup(
        inputs: [type, type, type, TensorType(.bool, [5, 5])],
        outputs: [type, TensorType(.f32, [1, 2, 5])],
        body: .single(
          .attention(Attention(scale: 1, isCausal: false, hasMask: true, hasPast: false)))),
      inputs: [tensor, tensor, tensor, mask])
    let found = try one.run(target)
    for head in 0..<2 {
      let output = try found[0].doubles()[head * 15..<head * 15 + 6]
      #expect(Array(output) == [0, 0, 0, 0, 0, 0])
      let rows = try found[1].doubles()[head * 5..<head * 5 + 2]
      let lowest = -Double(Float.greatestFiniteMagnitude)
      #expect(Array(rows) == [lowest, lowest])
    }
    try AttentionCase.check([one], target)
  }

  @Test func choicesAreDescribed() throws {
    let type = TensorType(.f32, [1, 12, 128, 64])
    let group = KernelGroup(
      inputs: [type, type, type], outputs: [type, TensorType(.f32, [1, 12, 128])],
      body: .single(
        .attention(Attention(scale: 0.125, isCausal: false, hasMask: false, hasPast: false))))
    let kernel = Scheduler(target: Target(.avx512)).schedule(group)
    #expect(
      kernel.description
        == "attention; tiles 1 x 12 x 2 of 1 x 1 x 5; blocks of 12 or 13 rows x 2 vectors of 16 "
        + "lanes, 2 of values; positions at once")
  }

  @Test func joiningEarlierPositionsHasNoKernel() {
    let type = TensorType(.f32, [1, 1, 4, 8])
    let group = KernelGroup(
      inputs: [type, type, type, type, type], outputs: [type],
      body: .single(
        .attention(Attention(scale: 1, isCausal: true, hasMask: false, hasPast: true))))
    #expect(KernelCompiler.refusal(group) == "attention that joins earlier positions")
  }
}

/// An attention with its operands.
struct AttentionCase {
  var name: String
  var group: KernelGroup
  var inputs: [Tensor]
  var sizes: [Symbol: Int] = [:]

  private var attention: Attention {
    guard case .single(.attention(let attention)) = group.body else { fatalError() }
    return attention
  }

  static func random(_ seed: UInt64) throws -> AttentionCase {
    var source = RandomSource(seed &+ 9000)
    var sizes: [Symbol: Int] = [:]
    func size(_ number: Int, running: Bool) -> Dimension {
      guard running else { return Dimension(number) }
      let symbol = Symbol.running("size\(sizes.count)", maximum: number + 40)
      sizes[symbol] = number
      return Dimension(symbol)
    }
    let element = source.pick([ElementType.f32, .f32, .f32, .f64, .f16, .bf16])
    let isRunning = source.chance(40)
    let isCausal = source.chance(40)
    let batch = source.pick([1, 1, 2])
    let (groups, heads) = (source.pick([1, 2]), source.pick([1, 1, 3]))
    let length = source.pick([1, 2, 5, 17, 33])
    let positions = source.pick([1, 3, 16, 19, 50, 97])
    let (depth, width) = (source.pick([1, 8, 16, 21]), source.pick([1, 8, 16, 37]))
    let (rows, columns) = (
      size(length, running: isRunning), size(positions, running: isRunning && source.chance(70))
    )
    func tensor(_ element: ElementType, _ shape: [Int]) throws -> Tensor {
      if element == .bool { return try source.tensor(.bool, shape, isSpecial: false) }
      let count = shape.reduce(1, *)
      return try Tensor(
        element, shape: shape,
        doubles: (0..<count).map { _ in Double.random(in: -2...2, using: &source.generator) })
    }
    var types = [
      TensorType(
        element, Shape([Dimension(batch), Dimension(groups * heads), rows, Dimension(depth)])),
      TensorType(element, Shape([Dimension(batch), Dimension(groups), columns, Dimension(depth)])),
      TensorType(element, Shape([Dimension(batch), Dimension(groups), columns, Dimension(width)])),
    ]
    let hasMask = source.chance(50)
    if hasMask {
      let full = [Dimension(batch), Dimension(groups * heads), rows, columns]
      var shape = full.map { source.chance(40) ? Dimension(1) : $0 }
      if source.chance(30) { shape.removeFirst(2) }
      types.append(TensorType(source.pick([.bool, element]), Shape(shape)))
    }
    let result = Shape([Dimension(batch), Dimension(groups * heads), rows, Dimension(width)])
    let attention = Attention(
      scale: source.pick([0.5, 1.25]), isCausal: isCausal, hasMask: hasMask, hasPast: false)
    return AttentionCase(
      name: "seed \(seed)",
      group: KernelGroup(
        inputs: types,
        outputs: [
          TensorType(element, result),
          TensorType(element.computeType, Shape(Array(result.prefix(3)))),
        ], body: .single(.attention(attention))),
      inputs: try types.map { try tensor($0.element, $0.shape.evaluated { sizes[$0] }!) },
      sizes: sizes)
  }

  func run(_ target: Target) throws -> [Tensor] {
    let kernel = try KernelCompiler(target: target, cache: NativeRun.cache).compile([group])[0]
    return try NativeRun.run(kernel, inputs: inputs, outputs: group.outputs, sizes: sizes)
  }

  static func check(_ cases: [AttentionCase], _ target: Target) throws {
    let compiler = KernelCompiler(target: target, cache: NativeRun.cache)
    let kernels = try compiler.compile(cases.map(\.group))
    for (kernel, one) in zip(kernels, cases) {
      if let problem = try one.problem(kernel, target) {
        Issue.record("\(target.name) \(one.name): \(problem)\n\(kernel.schedule)\n\(one.group)")
      }
    }
  }

  private func problem(_ kernel: CompiledKernel, _ target: Target) throws -> String? {
    if let problem = kernel.kernel.problem() { return problem }
    func run(_ tilesAtOnce: Int, threads: Int) throws -> [Tensor] {
      try NativeRun.run(
        kernel, inputs: inputs, outputs: group.outputs, sizes: sizes, tilesAtOnce: tilesAtOnce,
        backwards: threads > 1, threads: threads)
    }
    let (whole, split) = (try run(.max, threads: 1), try run(1, threads: 2))
    let meant = try meaning()
    let counts = group.outputs.map { $0.storedCount.evaluated { sizes[$0] }! }
    var interpreted: [[LaneNumber?]]?
    if !NativeRun.isSanitized {
      var interpreter = KernelInterpreter(
        kernel.kernel, target: target, sizes: kernel.sizes.map { $0.evaluated { sizes[$0] }! })
      interpreted = try interpreter.run(inputs: inputs, outputCounts: counts, inPlace: [:])
    }
    for output in whole.indices {
      if !whole[output].isIdentical(to: split[output]) { return "tiles differ" }
      let element = group.outputs[output].element
      // Scores of up to about 100 are rounded before their exponentials.
      let unit: Double =
        switch element {
        case .f64: 0x1p-42
        case .f32: 0x1p-16
        case .f16: 0x1p-9
        default: 0x1p-6
        }
      func isNear(_ a: Double, _ b: Double) -> Bool {
        a == b || abs(a - b) <= unit * max(1, abs(b))
      }
      let numbers = try whole[output].doubles()
      let inside = try interpreted.map { try doubles($0[output]) } ?? numbers
      for place in numbers.indices {
        let (found, wanted) = (numbers[place], meant[output][place])
        if !isNear(found, wanted) || !isNear(inside[place], wanted) {
          return "output \(output)[\(place)] is \(found), interpreted \(inside[place]), meant "
            + "\(wanted)"
        }
      }
    }
    return nil
  }

  private func doubles(_ numbers: [LaneNumber?]) throws -> [Double] {
    try numbers.map { number in
      guard case .float(let value)? = number else { throw Unwritten() }
      return value
    }
  }

  private struct Unwritten: Error {}

  /// The results in f64.
  private func meaning() throws -> [[Double]] {
    let shapes = inputs.map { Array($0.shape) }
    let numbers = try inputs.map {
      try $0.elementType == .bool ? $0.integers().map(Double.init) : $0.doubles()
    }
    let (batches, heads, length) = (shapes[0][0], shapes[0][1], shapes[0][2])
    let (groups, positions) = (shapes[1][1], shapes[1][2])
    let (depth, width) = (shapes[1][3], shapes[2][3])
    let lowest =
      group.inputs[0].element == .f64
      ? -Double.greatestFiniteMagnitude : -Double(Float.greatestFiniteMagnitude)
    var (output, logarithms): ([Double], [Double]) = ([], [])
    for (batch, head, row) in (0..<batches).flatMap({ batch in
      (0..<heads).flatMap { head in (0..<length).map { (batch, head, $0) } }
    }) {
      let keyHead = batch * groups + head / (heads / groups)
      let scores = (0..<positions).map { position -> Double in
        if attention.isCausal, position - row > positions - length { return -.infinity }
        let query = ((batch * heads + head) * length + row) * depth
        let key = (keyHead * positions + position) * depth
        let sum = (0..<depth).reduce(0) { $0 + numbers[0][query + $1] * numbers[1][key + $1] }
        guard attention.hasMask else { return sum * attention.scale }
        let place = zip(shapes[3], [batch, head, row, position].suffix(shapes[3].count))
          .reduce(0) { $0 * $1.0 + ($1.0 == 1 ? 0 : $1.1) }
        let mask = numbers[3][place]
        if inputs[3].elementType == .bool { return mask != 0 ? sum * attention.scale : -.infinity }
        return sum * attention.scale + mask
      }
      let largest = max(lowest, scores.max() ?? lowest)
      let powers = scores.map { exp($0 - largest) }
      let total = powers.reduce(0, +)
      let divisor = total == 0 ? 1 : total
      for column in 0..<width {
        output.append(
          powers.indices.reduce(0) {
            $0 + powers[$1] / divisor * numbers[2][(keyHead * positions + $1) * width + column]
          })
      }
      logarithms.append(log(divisor) + largest)
    }
    return [output, logarithms]
  }
}
