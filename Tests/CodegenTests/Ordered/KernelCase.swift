import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// A group with inputs and what it means: the kernel interpreted and the kernel compiled must give
/// exactly that, whole and tile by tile.
struct KernelCase {
  var name: String
  var group: KernelGroup
  var inputs: [Tensor]
  var sizes: [Symbol: Int] = [:]
  var meant: [Tensor]
  /// By output, the input whose memory it may take.
  var inPlace: [Int: Int] = [:]

  /// - Parameter tileWork: small enough that there are several tiles.
  static func check(_ cases: [KernelCase], _ target: Target, tileWork: Int = 60) throws {
    let compiler = KernelCompiler(
      scheduler: Scheduler(target: target, tileWork: tileWork), cache: NativeRun.cache)
    let kernels = try compiler.compile(cases.map(\.group))
    for (kernel, one) in zip(kernels, cases) {
      if let problem = try one.problem(kernel, target) {
        Issue.record("\(target.name) \(one.name): \(problem)\n\(one.group.body)\n\(kernel.kernel)")
      }
    }
  }

  private func problem(_ kernel: CompiledKernel, _ target: Target) throws -> String? {
    if let problem = kernel.kernel.problem() { return problem }
    let counts = group.outputs.map { $0.storedCount.evaluated { sizes[$0] }! }
    let wanted = try meant.map { try $0.laneNumbers() }
    for places in inPlace.isEmpty ? [[:]] : [[:], inPlace] {
      // A sanitizer is about the compiled kernel.
      var interpreted: [[LaneNumber?]]?
      do {
        if !NativeRun.isSanitized {
          var interpreter = KernelInterpreter(
            kernel.kernel, target: target,
            sizes: kernel.sizes.map { $0.evaluated { sizes[$0] }! })
          interpreted = try interpreter.run(inputs: inputs, outputCounts: counts, inPlace: places)
        }
      } catch { return "\(error)" }
      func run(_ tilesAtOnce: Int, threads: Int) throws -> [Tensor] {
        try NativeRun.run(
          kernel, inputs: inputs, outputs: group.outputs, sizes: sizes, tilesAtOnce: tilesAtOnce,
          backwards: threads > 1, threads: threads, inPlace: places)
      }
      let (whole, split) = (try run(.max, threads: 1), try run(1, threads: 2))
      for output in whole.indices {
        if !whole[output].isIdentical(to: split[output]) { return "tiles differ" }
        let found = try whole[output].laneNumbers()
        for place in found.indices {
          let inside = interpreted.map { $0[output][place] } ?? found[place]
          let meaning = wanted[output][place]
          guard let inside, found[place].agrees(with: inside), found[place].agrees(with: meaning)
          else {
            return "output \(output)[\(place)] is \(found[place]), interpreted "
              + "\(String(describing: inside)), meant \(meaning), in place \(places)"
          }
        }
      }
    }
    return nil
  }
}

/// Choices and numbers that are the same in every run.
struct RandomSource {
  var generator: SeededGenerator

  init(_ seed: UInt64) { generator = SeededGenerator(seed) }

  mutating func pick<T>(_ values: [T]) -> T { values.randomElement(using: &generator)! }

  mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &generator) < percent
  }

  /// Elements whose sums and products are exact: small whole numbers, extreme ones among integers,
  /// and where `isSpecial` NaN, infinities and -0.
  mutating func tensor(_ type: ElementType, _ shape: [Int], isSpecial: Bool) throws -> Tensor {
    let count = shape.reduce(1, *)
    if type.isFloat {
      let special: [Double] = [.nan, .infinity, -.infinity, -0.0, 0]
      let numbers = (0..<count).map { _ in
        isSpecial && chance(20) ? pick(special) : Double(Int.random(in: -3...3, using: &generator))
      }
      return try Tensor(type, shape: shape, doubles: numbers)
    }
    if type == .bool {
      return try Tensor(type, shape: shape, integers: (0..<count).map { _ in pick([0, 1]) })
    }
    let extreme: [Int64] = [type.minimumInteger, type.maximumInteger ?? -1, 0]
    let numbers = (0..<count).map { _ -> Int64 in
      isSpecial && chance(20)
        ? pick(extreme)
        : Int64.random(in: (type.isSignedInteger ? -9 : 0)...9, using: &generator)
    }
    return try Tensor(type, shape: shape, integers: numbers)
  }
}
