import TenonGraph
import TenonRuntime
import TenonTensor

/// An entry on its way to a plan: steps over buffers that have no addresses yet.
///
/// The builder makes it from a graph; the plan passes bind what must end in a variable or an
/// output, let results overwrite what dies, order the steps, give buffers offsets and place
/// barriers.
package struct PlanDraft {
  package enum Place: Hashable, Sendable {
    case arena
    case constant(Int)
    case variable(Int)
    case input(Int)
    case output(Int)
    /// In the store that prepare steps fill.
    case prepared
    /// A part of another buffer.
    case alias(of: Int, byteOffset: Int)
  }

  package struct Buffer: Sendable {
    package var name: String
    package var type: TensorType
    package var place: Place
    /// With running sizes at their maxima.
    package var byteCount: Int
    /// Bytes from the start of the arena or of the prepared store, once they are planned.
    package var offset = 0

    package init(_ name: String, _ type: TensorType, _ place: Place) {
      self.name = name
      self.type = type
      self.place = place
      byteCount = Dimension.saturatingProduct(
        type.shape.elementCount.upperBound ?? 0, type.element.byteWidth)
    }
  }

  package struct Step: Sendable {
    package indirect enum Kind: Sendable {
      /// A kernel of the draft's group of that number.
      case kernel(group: Int, inputs: [Int], outputs: [Int])
      case copy(from: Int, to: Int)
      /// The integer in `from` becomes the size of a running symbol for the steps that follow.
      case readSize(Symbol, from: Int)
      case loop(condition: [Step], predicate: Int, body: [Step], maximumTrips: Int?)
      case branch(selector: Int, branches: [[Step]])
      case host(function: Int, inputs: [Int], outputs: [Int])
    }

    package var kind: Kind
    package var label: String
    package var origin: OriginID
    /// The node that the step runs; nil for steps beside it, as copies.
    package var node: NodeID?
    package var barrierBefore = true

    package init(_ kind: Kind, label: String, origin: OriginID, node: NodeID? = nil) {
      self.kind = kind
      self.label = label
      self.origin = origin
      self.node = node
    }
  }

  package var name: String
  package var buffers: [Buffer] = []
  /// What becomes kernels; equal groups are one.
  package var groups: [KernelGroup] = []
  package var constants: [PlanConstant] = []
  package var inputs: [PlanPort] = []
  package var outputs: [PlanPort] = []
  package var variables: [PlanPort] = []
  package var variableUpdates: [VariableUpdate] = []
  package var variablesWrittenInPlace: [Int] = []
  package var variablesInitialized: [Int] = []
  package var hostFunctions: [String] = []
  /// By host function, why it is no kernel.
  package var hostReasons: [String] = []
  package var steps: [Step] = []
  package var prepare: [Step] = []
  /// Nodes that need no step, each with the buffer that holds its first result already.
  package var nodesWithoutSteps: [(node: NodeID, buffer: Int)] = []
  package var arenaBytes = 0
  package var preparedBytes = 0
  /// The largest sum of bytes of arena buffers live at one step, each rounded up to 64.
  package var liveBytes = 0
  /// First and last step of each buffer, in the numbering of all steps, prepare steps first.
  package var lifetimes: [ClosedRange<Int>?] = []
  private var groupLookup: [KernelGroup: Int] = [:]

  package init(_ name: String) { self.name = name }

  package mutating func addBuffer(_ buffer: Buffer) -> Int {
    buffers.append(buffer)
    return buffers.count - 1
  }

  package mutating func number(of group: KernelGroup) -> Int {
    if let known = groupLookup[group] { return known }
    groups.append(group)
    groupLookup[group] = groups.count - 1
    return groups.count - 1
  }

  mutating func setGroups(_ groups: [KernelGroup]) {
    self.groups = groups
    groupLookup = [:]
    for (number, group) in groups.enumerated() { groupLookup[group] = number }
  }

  /// The buffer whose memory the buffer is a part of, and where in it.
  package func root(_ buffer: Int) -> (buffer: Int, byteOffset: Int) {
    var (at, offset) = (buffer, 0)
    while case .alias(let other, let byteOffset) = buffers[at].place {
      at = other
      offset += byteOffset
    }
    return (at, offset)
  }
}

extension PlanDraft.Step {
  /// The buffers that the step reads, those inside it included.
  package var reads: [Int] {
    switch kind {
    case .kernel(_, let inputs, _), .host(_, let inputs, _): inputs
    case .copy(let from, _), .readSize(_, let from): [from]
    case .loop(let condition, let predicate, let body, _):
      (condition + body).flatMap(\.reads) + [predicate]
    case .branch(let selector, let branches): [selector] + branches.joined().flatMap(\.reads)
    }
  }

  /// The buffers that the step writes, those inside it included.
  package var writes: [Int] {
    switch kind {
    case .kernel(_, _, let outputs), .host(_, _, let outputs): outputs
    case .copy(_, let to): [to]
    case .readSize: []
    case .loop(let condition, _, let body, _): (condition + body).flatMap(\.writes)
    case .branch(_, let branches): branches.joined().flatMap(\.writes)
    }
  }

  /// The steps directly inside it, one list for each of its blocks.
  package var blocks: [[PlanDraft.Step]] {
    switch kind {
    case .kernel, .copy, .readSize, .host: []
    case .loop(let condition, _, let body, _): [condition, body]
    case .branch(_, let branches): branches
    }
  }

  /// The same step with its blocks changed.
  package func mappingBlocks(_ change: ([PlanDraft.Step]) -> [PlanDraft.Step]) -> Self {
    var step = self
    switch kind {
    case .kernel, .copy, .readSize, .host: break
    case .loop(let condition, let predicate, let body, let trips):
      step.kind = .loop(
        condition: change(condition), predicate: predicate, body: change(body),
        maximumTrips: trips)
    case .branch(let selector, let branches):
      step.kind = .branch(selector: selector, branches: branches.map(change))
    }
    return step
  }
}
