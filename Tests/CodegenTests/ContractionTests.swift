import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// Contractions and convolutions by blocks of registers.
@Suite struct ContractionTests {
  /// `lhs` and `rhs` name the axes of the operands by letters, `result` those of the result; a
  /// letter in capitals is read as the sum of two: `H` is `stride * h + dilation * p - 1`, with zeros
  /// outside.
  struct Case: CustomStringConvertible {
    var lhs: String
    var rhs: String
    var result: String
    var sizes: [Character: Int]
    var element: ElementType = .f32
    var storage: ElementType?
    /// The storage of `rhs`, where it is another.
    var otherStorage: ElementType?
    /// Letters whose sizes are known only at run time.
    var running = ""
    var epilogue = ""
    var blocked: Int?
    var stride = 1
    var dilation = 1
    /// Blocks of `o`, each of which reads channels of its own.
    var groups = 1
    var level2Bytes = 1 << 20

    var description: String {
      "\(lhs),\(rhs)->\(result) \(sizes.sorted { $0.key < $1.key }) \(element) \(running) \(epilogue)"
        + (storage.map { " of \($0)" } ?? "") + (otherStorage.map { " and \($0)" } ?? "")
    }
  }

  static let cases: [Case] = [
    Case(lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 40, "n": 70, "k": 33]),
    Case(lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 29, "n": 64, "k": 40]),
    Case(lhs: "mk", rhs: "nk", result: "mn", sizes: ["m": 37, "n": 50, "k": 43]),
    Case(lhs: "mk", rhs: "nk", result: "mn", sizes: ["m": 3, "n": 50, "k": 43]),
    Case(lhs: "km", rhs: "kn", result: "mn", sizes: ["m": 31, "n": 10, "k": 64]),
    Case(lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 1, "n": 300, "k": 20]),
    Case(lhs: "mk", rhs: "nk", result: "mn", sizes: ["m": 1, "n": 300, "k": 20]),
    Case(lhs: "bmk", rhs: "bkn", result: "bmn", sizes: ["b": 3, "m": 17, "n": 33, "k": 16]),
    Case(lhs: "bmk", rhs: "bnk", result: "bmn", sizes: ["b": 2, "m": 33, "n": 20, "k": 19]),
    Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 40, "n": 40, "k": 37], element: .f64),
    Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 40, "n": 40, "k": 37], element: .i32),
    Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 30, "n": 35, "k": 20], storage: .bf16),
    Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 30, "n": 35, "k": 20], running: "m"),
    Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 21, "n": 90, "k": 20], running: "n"),
    Case(
      lhs: "mk", rhs: "nk", result: "mn", sizes: ["m": 44, "n": 50, "k": 27], running: "mnk"),
    Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 20, "n": 48, "k": 20], epilogue: "bias"),
    Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 20, "n": 50, "k": 20], epilogue: "long"),
    Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 45, "n": 60, "k": 97], level2Bytes: 2048),
    Case(
      lhs: "mk", rhs: "nk", result: "mn", sizes: ["m": 45, "n": 60, "k": 97], epilogue: "bias",
      level2Bytes: 2048),
    Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 31, "n": 70, "k": 33], blocked: 32),
    Case(
      lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 31, "n": 70, "k": 33], blocked: 16),
    Case(lhs: "mk", rhs: "kn", result: "mn", sizes: ["m": 40, "n": 100, "k": 256]),
    Case(
      lhs: "ncHW", rhs: "ocpq", result: "nohw",
      sizes: ["n": 2, "c": 5, "h": 7, "w": 9, "o": 20, "p": 3, "q": 3]),
    Case(
      lhs: "nHWc", rhs: "pqco", result: "nhwo",
      sizes: ["n": 1, "c": 6, "h": 7, "w": 9, "o": 40, "p": 3, "q": 3], epilogue: "bias"),
    Case(
      lhs: "nchw", rhs: "oc", result: "nohw",
      sizes: ["n": 2, "c": 18, "h": 6, "w": 9, "o": 20]),
    Case(
      lhs: "ncHW", rhs: "ocpq", result: "nohw",
      sizes: ["n": 1, "c": 3, "h": 5, "w": 23, "o": 16, "p": 3, "q": 3], epilogue: "bias"),
    Case(
      lhs: "ncHW", rhs: "ocpq", result: "nohw",
      sizes: ["n": 2, "c": 3, "h": 7, "w": 7, "o": 16, "p": 3, "q": 3], stride: 2),
    Case(
      lhs: "ncHW", rhs: "ocpq", result: "nohw",
      sizes: ["n": 1, "c": 3, "h": 3, "w": 15, "o": 16, "p": 3, "q": 3], stride: 2),
    Case(
      lhs: "ncHW", rhs: "ocpq", result: "nohw",
      sizes: ["n": 1, "c": 3, "h": 2, "w": 14, "o": 16, "p": 2, "q": 3], element: .f64, stride: 2),
    Case(
      lhs: "ncHW", rhs: "ocpq", result: "nohw",
      sizes: ["n": 1, "c": 4, "h": 9, "w": 11, "o": 15, "p": 3, "q": 2], dilation: 2),
    Case(
      lhs: "ncHW", rhs: "ocpq", result: "nohw",
      sizes: ["n": 1, "c": 5, "h": 13, "w": 3, "o": 17, "p": 5, "q": 1], element: .f64),
    Case(
      lhs: "ncHW", rhs: "ocpq", result: "nohw",
      sizes: ["n": 2, "c": 5, "h": 5, "w": 7, "o": 15, "p": 3, "q": 3], epilogue: "bias",
      groups: 3),
    Case(
      lhs: "nHWc", rhs: "pqco", result: "nhwo",
      sizes: ["n": 1, "c": 3, "h": 6, "w": 7, "o": 32, "p": 3, "q": 3], groups: 2),
    Case(
      lhs: "ncHW", rhs: "ocpq", result: "nohw",
      sizes: ["n": 1, "c": 9, "h": 7, "w": 9, "o": 30, "p": 3, "q": 3], level2Bytes: 2048),
    Case(
      lhs: "nHWc", rhs: "pqco", result: "nhwo",
      sizes: ["n": 2, "c": 16, "h": 9, "w": 3, "o": 70, "p": 3, "q": 3], level2Bytes: 2048),
    Case(
      lhs: "ncW", rhs: "ocq", result: "now",
      sizes: ["n": 3, "c": 5, "w": 41, "o": 17, "q": 3], stride: 3),
  ]

  static func group(_ test: Case) -> (KernelGroup, [Symbol: Int]) {
    var symbols: [Symbol: Int] = [:]
    func size(_ letter: Character) -> Dimension {
      let size = test.sizes[letter]!
      guard test.running.contains(letter) else { return Dimension(size) }
      let symbol = Symbol.running("\(letter)", maximum: size + 30)
      symbols[symbol] = size
      return Dimension(symbol)
    }
    let letters = Set(test.lhs + test.rhs).filter { $0.isLowercase }
      .union(test.lhs.contains("H") ? ["p", "q"] : [])
    let depth = letters.filter { !test.result.contains($0) }.sorted()
    let order = Array(test.result) + depth
    func axis(_ letter: Character) -> IndexExpression { .axis(order.firstIndex(of: letter)!) }
    var program = ScalarProgram()
    func load(_ operand: Int, _ text: String) -> (ScalarID, TensorType) {
      let storage = (operand == 1 ? test.otherStorage : nil) ?? test.storage ?? test.element
      var guards: [Guard] = []
      let indices = text.map { letter -> IndexExpression in
        if letter == "c", operand == 0, test.groups > 1 {
          let block = Dimension(test.sizes["o"]! / test.groups)
          let extents: (Int) -> Dimension? = { size(order[$0]) }
          return axis("o").floorDivided(by: block, extents: extents) * size("c") + axis("c")
        }
        guard letter.isUppercase else { return axis(letter) }
        let small = Character(letter.lowercased())
        let tap = axis(small == "h" ? "p" : "q") * Dimension(test.dilation)
        let place = axis(small) * Dimension(test.stride) + tap + -1
        guards.append(.within(place, size(small) * Dimension(test.stride)))
        return place
      }
      let shape = Shape(
        text.map { letter in
          let isGrouped = letter == "c" && operand == 0
          return size(Character(letter.lowercased()))
            * Dimension(letter.isUppercase ? test.stride : isGrouped ? test.groups : 1)
        })
      let fill =
        guards.isEmpty
        ? nil : program.add(test.element.isFloat ? .float(0) : .integer(0), storage)
      var scalar = program.add(
        .load(operand: operand, indices, guards: guards, fill: fill), storage)
      if storage != test.element { scalar = program.add(.convert(scalar), test.element) }
      return (scalar, TensorType(storage, shape))
    }
    let (a, lhs) = load(0, test.lhs)
    var (b, rhs) = load(1, test.rhs)
    if let block = test.blocked {
      rhs.layout = Layout([
        .init(axis: 1, block: block), .init(axis: 0), .init(axis: 1, block: block, isInner: true),
      ])
    }
    let product = program.add(.binary(.multiply, a, b), test.element)
    let zero = program.add(test.element.isFloat ? .float(0) : .integer(0), test.element)
    let reduction = Compute.Reduction(
      axes: depth.map(size), program: program, values: [product], initial: [zero], combiner: .sum)
    let axes = test.result.map(size)
    var after = ScalarProgram()
    var result = after.add(.reduced(0), test.element)
    var inputs = [lhs, rhs]
    if !test.epilogue.isEmpty {
      inputs.append(TensorType(.f32, [axes.last!]))
      let bias = after.add(
        .load(operand: 2, [.axis(axes.count - 1)], guards: [], fill: nil), .f32)
      result = after.add(.binary(.add, result, bias), .f32)
      let none = after.add(.float(0), .f32)
      result = after.add(.binary(.maximum, result, none), .f32)
    }
    if test.epilogue == "long" {
      result = after.add(.unary(.hyperbolicTangent, result), .f32)
    }
    let group = KernelGroup(
      inputs: inputs, outputs: [TensorType(test.element, Shape(axes))],
      body: .single(
        .compute(
          Compute(axes: axes, reduction: reduction, program: after, results: [result]))))
    return (group, symbols)
  }

  static func inputs(_ group: KernelGroup, _ sizes: [Symbol: Int]) throws -> [Tensor] {
    var generator = SeededGenerator(3)
    return try group.inputs.map { type in
      let shape = type.shape.evaluated { sizes[$0] }!
      let count = RowMajor.count(shape)
      return type.element.isFloat
        ? try Tensor(
          type.element, shape: shape,
          doubles: (0..<count).map { _ in Double.random(in: -1...1, using: &generator) })
        : try Tensor(
          type.element, shape: shape,
          integers: (0..<count).map { _ in
            Int64.random(in: integerRange(type.element), using: &generator)
          })
    }
  }

  /// All bytes, where elements are narrow.
  private static func integerRange(_ element: ElementType) -> ClosedRange<Int64> {
    switch element {
    case .u8: 0...255
    case .i8: -128...127
    case .i16: -32768...32767
    default: -99...99
    }
  }

  static let groups = Result {
    try ContractionTests.cases.map { test in
      let (group, sizes) = ContractionTests.group(test)
      var random = RandomGroup(group: group, sizes: sizes)
      random.inputs = try ContractionTests.inputs(group, sizes)
      random.meant = try GroupReference(group: group, sizes: sizes).run(random.inputs)
      return (test, random)
    }
  }

  @Test(arguments: NativeRun.targets)
  func sumsOfProducts(target: Target) throws {
    for tileWork in target.instructionSet == .avx512 ? [1 << 16, 64] : [64] {
      var byCache: [Int: [(Case, RandomGroup)]] = [:]
      for (test, random) in try ContractionTests.groups.get() {
        byCache[test.level2Bytes, default: []].append((test, random))
      }
      for (bytes, groups) in byCache.sorted(by: { $0.key < $1.key }) {
        var target = target
        target.level2Bytes = bytes
        for (test, random) in groups {
          let schedule = Scheduler(target: target, tileWork: tileWork)
            .schedule(random.group.canonical().group)
          // A single row needs no panels that are turned over for it.
          let isBlocked = schedule.description.contains("blocks of")
          #expect(isBlocked == (test.sizes["m"] != 1 || test.rhs == "kn"), "\(test)")
          #expect(bytes > 10000 || schedule.description.contains("depth in"), "\(test)")
          // Windows over images leave an outer loop over their rows.
          let isByPanel = schedule.description.contains("panel by panel")
          #expect(bytes > 10000 || test.lhs != "nHWc" || isByPanel, "\(test)")
        }
        try RandomGroupTests.check(
          groups.map { ("\($0)", $1) }, target, tileWork: tileWork)
      }
    }
  }
}
