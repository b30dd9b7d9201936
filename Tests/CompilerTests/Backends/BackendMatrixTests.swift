import TenonCompiler
import TenonGraph
import TenonTestKit
import Testing

/// Every op's generated cases on the reference backend, as bytecode and as kernels of every
/// instruction set, on one thread and on two; of aarch64's in an emulator, where it is installed.
@Suite struct BackendMatrixTests {
  static let backends = CaseBackend.all + CaseBackend.emulated

  @Test func theCount() {
    let every = CaseTable.every
    let backends = Self.backends.map(\.description).joined(separator: ", ")
    print(
      "\(CaseTable.count) cases of \(CaseTable.names.count) ops; each on \(backends); "
        + "1 and 2 threads" + (every > 1 ? "; one case in \(every)" : ""))
    #expect(CaseTable.count * every > 12 * (CaseTable.names.count - 1))
    #expect(CaseBackend.all.contains(CaseBackend(.native, Target(.generic))))
  }

  @Test(arguments: backends, CaseTable.batches)
  func agreesWithReference(_ backend: CaseBackend, _ batch: CaseTable.Batch) throws {
    let (cases, owners) = (batch.cases, batch.owners)
    let expected = try batch.ops.flatMap { try CaseTable.expected($0) }
    let gaps = KnownGap.all.filter {
      batch.ops.contains($0.op) && backend.description.hasPrefix($0.backend)
    }
    var met: Set<KnownGap> = []
    try BackendCases(cases, backend).check(expected) { number, difference in
      guard let difference else { return }
      let gap = gaps.first { $0.covers(owners[number], cases[number].name, backend.description) }
      if let gap { met.insert(gap) } else { Issue.record("\(difference)") }
    }
    for gap in gaps where !met.contains(gap) {
      Issue.record("\(backend): \(gap.op) \(gap.cases) agrees now: the gap must go")
    }
  }

  @Test(.enabled(if: Emulator.aarch64 != nil, "\(Emulator.missing)"))
  func kernelsOfAarch64AreEmulated() {
    #expect(Self.backends.contains(CaseBackend(.native, Target(.neon))))
  }

  @Test(arguments: backends.filter { $0.backend == .native })
  func nativePlansAreOfKernels(_ backend: CaseBackend) throws {
    var met: Set<String> = []
    for batch in CaseTable.batches {
      for step in try BackendCases.hostSteps(batch.cases, backend) {
        if HostStepTable.reasons[step.op] != nil {
          met.insert(step.op)
        } else {
          Issue.record("\(backend): a host step for \(step)")
        }
      }
    }
    for op in HostStepTable.reasons.keys.sorted() where !met.contains(op) {
      Issue.record("\(backend): \(op) has kernels now: its entry in the table must go")
    }
  }
}
