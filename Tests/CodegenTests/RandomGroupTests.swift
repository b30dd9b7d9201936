import Testing

@testable import TenonCodegen
@testable import TenonGraph
@testable import TenonTensor

/// Random groups: the kernel interpreted and the kernel compiled give the same bits, and both what
/// the group means.
@Suite struct RandomGroupTests {
  /// - Parameter tileWork: small enough that there are several tiles.
  static func check(
    _ groups: [(String, RandomGroup)], _ target: Target, tileWork: Int = 40
  ) throws {
    let compiler = KernelCompiler(
      scheduler: Scheduler(target: target, tileWork: tileWork), cache: NativeRun.cache)
    let kernels = try compiler.compile(groups.map(\.1.group))
    for (kernel, (name, random)) in zip(kernels, groups) {
      let context = "\(target.name) \(name)"
      if let problem = kernel.kernel.problem() {
        Issue.record("\(context): \(problem)\n\(kernel.kernel)")
        continue
      }
      let sizes = random.sizes
      // The interpreter's functions are the system's.
      let tolerance = kernel.kernel.description.contains("hyperbolic") ? 1e-6 : 0
      let counts = random.group.outputs.map { $0.storedCount.evaluated { sizes[$0] }! }
      let stored = try zip(random.inputs, random.group.inputs).map { try $0.stored(as: $1) }
      // A sanitizer is about the compiled kernel.
      var interpreted: [[LaneNumber?]]?
      do {
        if !NativeRun.isSanitized {
          var interpreter = KernelInterpreter(
            kernel.kernel, target: target,
            sizes: kernel.sizes.map { $0.evaluated { sizes[$0] }! })
          interpreted = try interpreter.run(inputs: stored, outputCounts: counts)
        }
      } catch {
        Issue.record("\(context): \(error)\n\(kernel.kernel)")
        continue
      }
      let whole = try NativeRun.run(
        kernel, inputs: stored, outputs: random.group.outputs, sizes: sizes)
      let split = try NativeRun.run(
        kernel, inputs: stored, outputs: random.group.outputs, sizes: sizes,
        tilesAtOnce: 1, backwards: true, threads: 2)
      for output in whole.indices {
        #expect(whole[output].isIdentical(to: split[output]), "\(context): tiles differ")
        let found = try whole[output].laneNumbers()
        var shown = 0
        for place in found.indices where shown < 1 {
          let inside = interpreted.map { $0[output][place] } ?? found[place]
          if let inside, found[place].agrees(with: inside, within: tolerance),
            found[place].agrees(with: random.meant[output][place], within: 1e-4, absolute: 1e-5)
          {
            continue
          }
          shown += 1
          Issue.record(
            """
            \(context): output \(output)[\(place)] is \(found[place]), interpreted \
            \(String(describing: inside)), meant \(random.meant[output][place])
            \(random.group.body)
            \(kernel.kernel)
            """)
        }
      }
    }
  }

  static let groups = [0, 1].map { part in
    Result {
      try (0..<30).map { number in
        ("seed \(part * 1000 + number)", try RandomGroup(seed: UInt64(part * 1000 + number)))
      }
    }
  }

  @Test(arguments: NativeRun.targets, [0, 1])
  func meanWhatTheyCompute(target: Target, part: Int) throws {
    try RandomGroupTests.check(try RandomGroupTests.groups[part].get(), target)
  }
}

extension Tensor {
  /// The elements where the type's layout puts them; padding is NaN, or 0 for integers.
  func stored(as type: TensorType) throws -> Tensor {
    guard type.layout != nil else { return self }
    let count = type.storedCount.constant!
    let given = try laneNumbers()
    var result = [LaneNumber](
      repeating: elementType.isFloat ? .float(.nan) : .integer(0), count: count)
    var next = 0
    RowMajor.forEachIndex(shape) { index in
      let place = type.offset(index.map { IndexExpression(Dimension($0)) })
      result[place.constantValue!.constant!] = given[next]
      next += 1
    }
    return elementType.isFloat
      ? try Tensor(elementType, shape: [count], doubles: result.map(\.double))
      : try Tensor(elementType, shape: [count], integers: result.map(\.integer))
  }
}
