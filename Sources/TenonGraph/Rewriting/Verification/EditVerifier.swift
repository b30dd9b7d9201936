import TenonTensor

/// Checks one edit by its meaning: what the node computed and what takes its place are evaluated on
/// the same random values, special ones included, at small sizes.
///
/// What a rule looked at is not known, so a difference is tried again with more of the nodes that
/// the operands come from; one that stays is a wrong rewrite.
struct EditVerifier {
  /// A rewrite that is about to be applied.
  struct Edit {
    var rule: String
    var reason: String
    var node: NodeID
    /// One for each result; nil where nothing uses it.
    var values: [ValueID?]
    /// The nodes that the rule recorded.
    var recorded: [NodeID]
    /// Whether every bit must stay; else results may differ by rounding.
    var isExact: Bool
  }

  enum Outcome {
    case same
    /// The edit could not be evaluated, and why.
    case unchecked(String)
  }

  let graph: Graph
  /// How far results may differ.
  let precision: PassOptions.Precision

  /// How many nodes away from the edit its context reaches, tried in turn.
  static let depths = [1, 3, 8, 64]
  /// A larger context is not evaluated.
  static let nodeLimit = 400

  /// - Throws: `wrong-rewrite` with the first element that differs.
  func verify(_ edit: Edit) throws -> Outcome {
    try verifyEffects(edit)
    var last: Difference?
    for depth in Self.depths {
      let context = EditContext(graph, edit, depth: depth)
      if let reason = context.obstacle {
        if depth == Self.depths[0] { return .unchecked(reason) }
        break
      }
      if context.nodes.count > Self.nodeLimit, last != nil { break }
      switch try evaluate(context, edit) {
      case .same: return .same
      case .unchecked(let reason):
        if last == nil { return .unchecked(reason) }
      case .different(let difference): last = difference
      }
      if context.isComplete { break }
    }
    guard let last else { return .same }
    throw TenonError.wrongRewrite(
      edit.rule, type(of: graph.op(edit.node)).name, edit.reason, last.description,
      at: graph.origins.primaryLine(graph.origin(edit.node)))
  }

  /// A value of a barrier's own must not become one from before it.
  private func verifyEffects(_ edit: Edit) throws {
    guard !graph.isPure(edit.node) else { return }
    let op = type(of: graph.op(edit.node))
    if edit.recorded.contains(where: { !graph.isPure($0) }) { return }
    throw TenonError.crossedBarrier(
      edit.rule, op.name, at: graph.origins.primaryLine(graph.origin(edit.node)))
  }

  private enum Verdict {
    case same
    case different(Difference)
    case unchecked(String)
  }

  private func evaluate(_ context: EditContext, _ edit: Edit) throws -> Verdict {
    var reason: String?
    var isChecked = false
    for sizing in EditSizing.candidates(context, graph) {
      let scratch: EditScratch
      do {
        guard let small = try EditScratch.small(context, graph, sizing) else {
          reason = reason ?? "its values are too large to evaluate"
          continue
        }
        scratch = small
      } catch let error as TenonError {
        reason = reason ?? "its nodes do not record at smaller sizes: \(error.message)"
        continue
      }
      // Small values are drawn often, so that each special value has its turn.
      for trial in 0..<max(4, min(64, 2048 / max(1, scratch.elementCount))) {
        var samples = EditSamples(seed: UInt64(trial), isSpecial: trial % 2 == 1)
        if samples.isSpecial && !edit.isExact { continue }
        do {
          let (before, after) = try scratch.run(&samples)
          isChecked = true
          if let difference = Difference(
            before, after, isExact: edit.isExact, precision)
          {
            return .different(difference)
          }
        } catch let error as TenonError {
          reason = reason ?? "its nodes cannot be evaluated: \(error.message)"
          break
        }
      }
    }
    return isChecked ? .same : .unchecked(reason ?? "there are no sizes to try")
  }
}

/// The first element in which two lists of tensors differ.
struct Difference: CustomStringConvertible {
  let description: String

  init?(
    _ before: [Tensor], _ after: [Tensor], isExact: Bool, _ precision: PassOptions.Precision
  ) {
    for (position, (a, b)) in zip(before, after).enumerated() {
      // Floats of 32 bits may have passed through bf16.
      let element = precision == .bfloat16 && a.elementType == .f32 ? .bf16 : a.elementType
      let tolerance = isExact ? 0 : Difference.tolerance(element)
      guard let place = Difference.place(a, b, tolerance) else { continue }
      let index = RowMajor.strides(a.shape).enumerated().map { place / $1 % a.shape[$0] }
      description =
        "result \(position) at \(index): \(Difference.element(a, place)) before, "
        + "\(Difference.element(b, place)) after"
      return
    }
    return nil
  }

  private static func place(_ a: Tensor, _ b: Tensor, _ tolerance: Double) -> Int? {
    guard let x = try? a.elements(), let y = try? b.elements() else { return nil }
    switch (x, y) {
    case (.floats(let x), .floats(let y)):
      return x.indices.first { !isSame(x[$0], y[$0], tolerance) }
    case (.integers(let x), .integers(let y)): return x.indices.first { x[$0] != y[$0] }
    default: return 0
    }
  }

  /// Equal bits, or two NaN; with a tolerance, that much of the larger magnitude or of 1.
  private static func isSame(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
    if tolerance == 0 { return a.bitPattern == b.bitPattern }
    if a == b { return true }
    return (a - b).magnitude <= tolerance * max(1, a.magnitude, b.magnitude)
  }

  private static func tolerance(_ element: ElementType) -> Double {
    switch element {
    case .f64: 1e-9
    case .f32: 1e-4
    case .f16: 1e-2
    default: 5e-2
    }
  }

  private static func element(_ tensor: Tensor, _ place: Int) -> String {
    switch try? tensor.elements() {
    case .floats(let values)?: values[place].isNaN ? "nan" : "\(values[place])"
    case .integers(let values)?: "\(values[place])"
    case nil: "?"
    }
  }
}
