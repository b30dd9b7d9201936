import Glibc
import Synchronization
import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit

/// Every op's generated cases, made once, and their results by the reference.
enum CaseTable {
  static let names = OpCatalog.standard.ops.map { $0.name }

  /// The cases of each op that has any, in the catalogue's order.
  static let cases: [String: [OpCase]] = {
    var cases: [String: [OpCase]] = [:]
    for name in names {
      let all = CaseGenerator.cases(of: OpCatalog.standard[name]!)
      cases[name] = stride(from: 0, to: all.count, by: every).map { all[$0] }
    }
    return cases
  }()

  /// Of each op's cases, one in so many is taken: 1, or what `TENON_TEST_CASES_EVERY` says for
  /// runs with sanitizers.
  static let every = getenv("TENON_TEST_CASES_EVERY").flatMap { Int(String(cString: $0)) } ?? 1

  static let count = names.reduce(0) { $0 + cases[$1]!.count }

  /// Ops whose cases are compiled together: about as many cases in each batch.
  static let batches: [Batch] = {
    var batches: [Batch] = []
    var ops: [String] = []
    var count = 0
    for name in names where !cases[name]!.isEmpty {
      ops.append(name)
      count += cases[name]!.count
      if count >= 400 {
        batches.append(Batch(ops: ops))
        (ops, count) = ([], 0)
      }
    }
    return batches + (ops.isEmpty ? [] : [Batch(ops: ops)])
  }()

  struct Batch: Hashable, Sendable, CustomStringConvertible {
    let ops: [String]

    var description: String { "\(ops.first!) to \(ops.last!)" }
    var cases: [OpCase] { ops.flatMap { CaseTable.cases[$0]! } }
    /// By case, the op it is a case of.
    var owners: [String] { ops.flatMap { name in CaseTable.cases[name]!.map { _ in name } } }
  }

  private static let results = Mutex<[String: [[Tensor]]]>([:])

  /// What each case of an op gives by the op's meaning.
  static func expected(_ name: String) throws -> [[Tensor]] {
    if let known = results.withLock({ $0[name] }) { return known }
    let made = try cases[name]!.map { try ReferenceRunner().run($0) }
    results.withLock { $0[name] = made }
    return made
  }
}
