import TenonTensor

/// A group of computes under construction, from the last op back to the first: says whether a
/// producer of something in the group may join, and how it would then be computed.
///
/// A member is either *inline* (its expression is put where it is read) or *staged* (computed once
/// for each index, kept or handed out). Members staged at one index domain become one compute. A
/// group that needs several is computed row by row: all staged members share leading axes, and
/// whatever one reads of another lies in its own row.
///
/// Legality follows from the lowerings alone; what is legal but does not pay is refused as well,
/// with its reason.
package struct FusionCluster {
  package enum Mode: Hashable, Sendable {
    case inline, staged
  }

  /// Where an expression is evaluated: in which staged member, in which of its programs, at which
  /// index.
  fileprivate struct Site: Hashable {
    var leader: Int
    var isInReduction: Bool
    var map: Int
  }

  private struct MapStep: Hashable {
    var outer: Int
    var index: [IndexExpression]
  }

  package struct Member {
    package let facts: ComputeFacts
    package fileprivate(set) var mode: Mode
    fileprivate var sites: [Site]
    /// Some element is evaluated at more than one index.
    fileprivate var isRepeated: Bool
    /// Leading axes that are the group's rows, at the row's own index.
    fileprivate var aligned: Int
    /// Evaluated at the root's index, from the root on.
    fileprivate var isPointwise: Bool
    /// Evaluated while a contraction sums.
    fileprivate var isInContraction: Bool
    /// Read at an affine index all the way.
    fileprivate var isAffine: Bool
  }

  /// A read of a producer by a member.
  package struct Use {
    package var member: Int
    package var operand: Int

    package init(member: Int, operand: Int) {
      self.member = member
      self.operand = operand
    }
  }

  /// The first is the root; producers follow those that read them.
  package private(set) var members: [Member]
  /// Leading axes that all staged members share.
  package private(set) var rows: Int
  /// Some staged member is read at another index than its own: stages follow each other.
  package private(set) var hasStages = false
  private var hasContraction: Bool
  private var hasReduction: Bool
  private var work: Int
  private var rowBytes = 0
  private var maps: [MapStep: Int] = [:]
  private let limits: FusionLimits

  package init(root: ComputeFacts, limits: FusionLimits) {
    members = [
      Member(
        facts: root, mode: .staged, sites: [Site(leader: 0, isInReduction: false, map: 0)],
        isRepeated: false, aligned: root.axes.count, isPointwise: true, isInContraction: false,
        isAffine: true)
    ]
    rows = root.axes.count
    hasContraction = root.isContraction
    hasReduction = root.hasReduction
    work = root.work
    self.limits = limits
  }

  /// How a producer is read by the group.
  private struct Reading {
    var sites: [Site] = []
    var isRepeated = false
    var aligned = Int.max
    var isPointwise = true
    var isInContraction = false
    var isAffine = true
    var isEmpty = true
  }

  private mutating func reading(_ uses: [Use]) -> Reading {
    var result = Reading()
    for use in uses {
      let user = members[use.member]
      for read in user.facts.reads[use.operand] {
        result.isEmpty = false
        result.aligned = min(result.aligned, read.aligned, user.aligned)
        result.isPointwise = result.isPointwise && read.isIdentity && user.isPointwise
        result.isRepeated = result.isRepeated || user.isRepeated || !read.isOnce
        result.isAffine = result.isAffine && user.isAffine && read.isAffine
        result.isInContraction =
          result.isInContraction || user.isInContraction
          || (read.isInReduction && user.facts.isContraction)
        for site in user.sites {
          let map: Int
          if read.isIdentity {
            map = site.map
          } else {
            let step = MapStep(outer: site.map, index: read.index)
            map = maps[step] ?? maps.count + 1
            maps[step] = map
          }
          let next = Site(
            leader: site.leader, isInReduction: site.isInReduction || read.isInReduction, map: map)
          if !result.sites.contains(next) { result.sites.append(next) }
        }
      }
    }
    return result
  }

  /// Takes a producer of members into the group, or says why not; the group is then as before.
  ///
  /// - Parameters:
  ///   - uses: every read of the producer by members.
  ///   - isOutput: whether something outside the group reads it too.
  package mutating func join(_ facts: ComputeFacts, uses: [Use], isOutput: Bool)
    throws(FusionRefusal)
  {
    guard members.count < limits.ops else { throw .full }
    let reading = reading(uses)
    guard !reading.isEmpty else { throw .rows }
    if facts.hasReduction {
      try joinReduction(facts, reading, isOutput: isOutput)
    } else if isOutput || !mayBeInline(facts, reading) {
      try joinStaged(facts, reading, isOutput: isOutput)
    } else {
      if reading.isInContraction {
        guard reading.isAffine || facts.isUniform, mayBeOperand(facts, reading, uses) else {
          throw .contractionOperand
        }
      }
      if facts.aliasOffset != nil {
        guard reading.isAffine, facts.reads.joined().allSatisfy(\.isAffine) else {
          throw .scattered
        }
      }
      append(facts, .inline, reading)
    }
  }

  /// Whether a contraction may compute the producer as it sums.
  private func mayBeOperand(_ facts: ComputeFacts, _ reading: Reading, _ uses: [Use]) -> Bool {
    let reads = facts.reads.joined()
    guard reads.allSatisfy(\.guards.isEmpty) else { return false }
    if facts.isView { return reads.allSatisfy { $0.isAffine && !$0.skips } }
    if facts.isUniform { return uses.allSatisfy { members[$0.member].facts.isWidening } }
    return facts.isWidening && !reading.isRepeated
  }

  private func mayBeInline(_ facts: ComputeFacts, _ reading: Reading) -> Bool {
    if facts.isFree || reading.isInContraction { return reading.sites.count <= 8 }
    if reading.isRepeated && facts.weight > 2 { return false }
    return facts.weight * (reading.sites.count - 1) <= limits.repeatedWeight
  }

  private mutating func joinReduction(_ facts: ComputeFacts, _ reading: Reading, isOutput: Bool)
    throws(FusionRefusal)
  {
    if facts.isContraction {
      guard !hasReduction else { throw .twoReductions }
      guard reading.isPointwise, !hasStages else { throw .contractionEpilogue }
      append(facts, .staged, reading)
      hasContraction = true
    } else {
      guard !hasContraction else { throw .twoReductions }
      if reading.isPointwise, !hasReduction, !hasStages {
        append(facts, .staged, reading)
      } else {
        try beginStage(facts, reading)
      }
    }
    hasReduction = true
  }

  private mutating func joinStaged(_ facts: ComputeFacts, _ reading: Reading, isOutput: Bool)
    throws(FusionRefusal)
  {
    if reading.isPointwise, !hasStages || reading.sites.count == 1 {
      append(facts, .staged, reading)
    } else if isOutput, members[0].facts.skips {
      // Whoever makes all elements does not wait for a copy of some.
      throw .output
    } else if reading.isInContraction {
      throw .contractionOperand
    } else if hasContraction {
      throw isOutput ? .output : .repeated
    } else {
      try beginStage(facts, reading)
    }
  }

  /// A staged member that is kept for later stages.
  private mutating func beginStage(_ facts: ComputeFacts, _ reading: Reading) throws(FusionRefusal)
  {
    let shared = min(rows, reading.aligned)
    let isSerial = Dimension.saturatingSum(work, facts.work) <= limits.serialWork
    guard shared >= 1 || isSerial else { throw .rows }
    let row = Shape(Array(facts.axes.dropFirst(shared))).elementCount
    let bytes = facts.compute.results.reduce(rowBytes) { total, result in
      let width = facts.compute.program.type(result).byteWidth
      return Dimension.saturatingSum(
        total, Dimension.saturatingProduct(row.upperBound ?? Dimension.limit, width))
    }
    guard bytes <= limits.rowBytes || isSerial else { throw .rowBytes }
    rows = shared
    rowBytes = bytes
    hasStages = true
    append(facts, .staged, reading)
    let leader = members.count - 1
    members[leader].sites = [Site(leader: leader, isInReduction: false, map: 0)]
    members[leader].isPointwise = false
    members[leader].isRepeated = false
    members[leader].aligned = shared
  }

  private mutating func append(_ facts: ComputeFacts, _ mode: Mode, _ reading: Reading) {
    members.append(
      Member(
        facts: facts, mode: mode, sites: reading.sites, isRepeated: reading.isRepeated,
        aligned: min(reading.aligned, facts.axes.count), isPointwise: reading.isPointwise,
        isInContraction: reading.isInContraction, isAffine: reading.isAffine))
    work = Dimension.saturatingSum(work, facts.work)
  }
}
