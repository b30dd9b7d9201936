import TenonGraph
import TenonOps
import TenonTensor

/// Makes branches and loops smaller: the branch that is always taken stands alone, results and
/// captured values that nothing reads go, and values that a loop only hands on become captured ones.
///
/// Before: `%y = if(%true, %x) { %a = exponential(%x) } { %b = log(%x) }`
/// After:  `%y = exponential(%x)`
///
/// After folding, which finds what is always true, and before dead nodes are removed, which then
/// go from inside the regions too.
public struct SimplifyControlFlow: GraphPass {
  public static let name = "simplify-control-flow"
  public init() {}

  public func run(_ context: PassContext) throws {
    try context.rewrite(with: [
      TakeKnownBranch(), DropUnusedResults(), KeepInvariantsOutside(), DropUnusedCaptures(),
    ])
  }
}

/// A branch chosen by a constant is recorded in the place of the choice.
struct TakeKnownBranch: RewriteRule {
  static let name = "take-known-branch"
  static let ops = OpSelection.types(If.self, Case.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    guard case .integer(let number)? = site.uniformConstant(site.operand(0)) else { return nil }
    let regions = Array(site.regions)
    let choice: Int
    if site.op is If {
      choice = number != 0 ? 0 : 1
    } else {
      choice = number >= 0 && number < regions.count ? Int(number) : regions.count - 1
    }
    let results = try site.graph.recordCopy(
      of: regions[choice], on: site.operands.dropFirst().map(\.id))
    guard zip(results, 0...).allSatisfy({ site.fits(Value(site.graph, $0), result: $1) }) else {
      return nil
    }
    return .replace(
      results.map { Value(site.graph, $0) }, because: "branch \(choice) is always taken")
  }
}

/// Results of a branch, and stacked results of a scan, that nothing uses are not computed.
struct DropUnusedResults: RewriteRule {
  static let name = "drop-unused-results"
  static let ops = OpSelection { $0 is any RegionBranches || $0 is Scan }

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let carried = (site.op as? Scan)?.carried ?? 0
    let kept = (0..<site.resultCount).filter {
      $0 < carried || site.useCount(site.result($0)) > 0
    }
    guard !kept.isEmpty, kept.count < site.resultCount else { return nil }
    let regions = try site.regions.map { region in
      try site.graph.rebuilt(region, taking: site.graph.arguments(region), keeping: kept)
    }
    let found = try site.graph.applyAny(
      site.op, site.operands, regions: regions, site: CallSite())
    var values = [Value?](repeating: nil, count: site.resultCount)
    for (place, result) in kept.enumerated() where site.useCount(site.result(result)) > 0 {
      values[result] = found[place]
    }
    let dropped = site.resultCount - kept.count
    return .replaceUsed(
      values, because: "\(dropped) result\(dropped == 1 ? " is" : "s are") not used")
  }
}

/// A value that a loop's body gives as it took it is captured instead of carried.
struct KeepInvariantsOutside: RewriteRule {
  static let name = "keep-invariants-outside"
  static let ops = OpSelection.types(While.self, Scan.self)

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let graph = site.graph
    let carried = (site.op as? While)?.carried ?? (site.op as? Scan)?.carried ?? 0
    guard let body = site.regions.last else { return nil }
    let (arguments, results) = (graph.arguments(body), graph.results(body))
    let unchanged = (0..<carried).filter { arguments[$0] == results[$0] }
    guard !unchanged.isEmpty else { return nil }
    let order = arguments.indices.filter { !unchanged.contains($0) } + unchanged
    let regions = try site.regions.map { region in
      let old = graph.arguments(region)
      // A condition gives its one result, a body what is still carried.
      let kept =
        region == body ? results.indices.filter { !unchanged.contains($0) } : [0]
      return try graph.rebuilt(region, taking: order.map { old[$0] }, keeping: kept)
    }
    let op: any Op =
      switch site.op {
      case let loop as While:
        While(carried: carried - unchanged.count, maximumTrips: loop.maximumTrips)
      case let loop as Scan:
        Scan(
          carried: carried - unchanged.count, sliced: loop.sliced, trips: loop.trips,
          isReversed: loop.isReversed)
      default: preconditionFailure("internal: \(type(of: site.op).name) is no loop")
      }
    var found = try graph.applyAny(
      op, order.map { site.operand($0) }, regions: regions, site: CallSite()
    ).makeIterator()
    let values = (0..<site.resultCount).map { result in
      unchanged.contains(result) ? site.operand(result) : found.next()!
    }
    let count = unchanged.count
    return .replace(
      values,
      because:
        "the body hands \(count) value\(count == 1 ? "" : "s") on as \(count == 1 ? "it is" : "they are")"
    )
  }
}

/// A captured value that no region reads is not passed, and none is passed twice.
struct DropUnusedCaptures: RewriteRule {
  static let name = "drop-unused-captures"
  static let ops = OpSelection {
    $0 is any RegionBranches || $0 is Scan || $0 is While
  }

  func apply(_ site: RewriteSite) throws -> Rewrite? {
    let graph = site.graph
    let first: Int
    var leading = 0
    switch site.op {
    case let loop as While: first = loop.carried
    case let loop as Scan: first = loop.carried + loop.sliced
    default: (first, leading) = (1, 1)
    }
    guard first < site.operandCount else { return nil }
    var isRead = [Bool](repeating: false, count: site.operandCount - leading)
    for region in site.regions {
      let reads = graph.readArguments(region)
      for (place, isReadHere) in reads.enumerated() where isReadHere { isRead[place] = true }
    }
    // The operand that stands for each captured one: itself, an equal one, or none.
    var kept = Array(0..<first)
    var standsFor: [Int?] = (0..<site.operandCount).map { $0 < first ? $0 : nil }
    for position in first..<site.operandCount where isRead[position - leading] {
      let operand = site.operand(position)
      let same = kept.first { $0 >= first && site.operand($0).id == operand.id }
      standsFor[position] = same ?? position
      if same == nil { kept.append(position) }
    }
    guard kept.count < site.operandCount else { return nil }
    let regions = try site.regions.map { region in
      let old = graph.arguments(region)
      let taken = kept.filter { $0 >= leading }.map { old[$0 - leading] }
      let aliases = (leading..<site.operandCount).map { position in
        standsFor[position].map { old[$0 - leading] }
      }
      return try graph.rebuilt(region, taking: taken, aliases: aliases)
    }
    let values = try graph.applyAny(
      site.op, kept.map { site.operand($0) }, regions: regions, site: CallSite())
    let count = site.operandCount - kept.count
    return .replace(
      values,
      because: "\(count) captured value\(count == 1 ? " is" : "s are") not read or passed twice")
  }
}

extension Graph {
  /// A copy of a region that takes only the arguments named, in that order.
  ///
  /// - Parameters:
  ///   - aliases: for each argument of `region` the one of those taken that stands for it, nil for
  ///     none; by default each argument for itself.
  ///   - kept: the places of the results that the copy gives; all by default.
  fileprivate func rebuilt(
    _ region: RegionID, taking taken: [ValueID], aliases: [ValueID?]? = nil,
    keeping kept: [Int]? = nil
  ) throws -> RegionID {
    let copy = makeRegion(arguments: taken.map { type($0) })
    for (old, new) in zip(taken, arguments(copy)) { setKnownElements(new, knownElements(old)) }
    try record(into: copy) { arguments in
      var places: [ValueID: ValueID] = [:]
      for (old, new) in zip(taken, arguments) { places[old] = new.id }
      let standing = aliases ?? self.arguments(region)
      return try recordCopy(
        of: region, on: standing.map { alias in alias.flatMap { places[$0] } }, keeping: kept)
    }
    return copy
  }

  /// For each argument of a region, whether a node or result of the region reads it.
  fileprivate func readArguments(_ region: RegionID) -> [Bool] {
    let arguments = arguments(region)
    var places: [ValueID: Int] = [:]
    for (place, argument) in arguments.enumerated() { places[argument] = place }
    var isRead = [Bool](repeating: false, count: arguments.count)
    for node in nodes(region) {
      for operand in operands(node) { if let place = places[operand] { isRead[place] = true } }
    }
    for result in results(region) { if let place = places[result] { isRead[place] = true } }
    return isRead
  }
}
