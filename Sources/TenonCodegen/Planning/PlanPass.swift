/// A step of planning that changes a whole draft before its memory is laid out.
package protocol PlanPass: Sendable {
  /// The name in messages, verb first.
  static var name: String { get }
  init()
  func run(_ draft: inout PlanDraft)
}

/// What planning is asked for.
package struct PlanningOptions: Sendable {
  /// Whether every plan pass is checked to leave what the entry computes.
  package var verify: Bool
  /// Passes after those of the builder, in order.
  package var passes: [any PlanPass.Type]

  package init(verify: Bool = false, passes: [any PlanPass.Type] = []) {
    self.verify = verify
    self.passes = passes
  }
}
