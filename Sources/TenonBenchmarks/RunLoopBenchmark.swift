import Glibc
import Tenon

/// What the run loop of a plan asks of the system, from its third run on: allocations, which are
/// counted where Tests/Allocations/count.c is preloaded, and page faults.
struct RunLoopBenchmark {
  let session: Session
  let feeds: [String: Tensor]
  static let runs = 300

  func run() throws {
    let instance = try Instance(session.loaded, threads: session.threads)
    for (index, port) in session.inputs.enumerated() {
      try instance.bindInput(index, to: feeds[port.name]!)
    }
    var places: [UnsafeMutableRawBufferPointer] = []
    defer { for place in places { place.deallocate() } }
    func place(_ port: PlanPort) -> UnsafeMutableRawBufferPointer {
      let count = port.shape.constants!.reduce(port.elementType.byteWidth, *)
      places.append(.allocate(byteCount: count, alignment: 64))
      places.last!.initializeMemory(as: UInt8.self, repeating: 0)
      return places.last!
    }
    for (index, port) in session.outputs.enumerated() {
      try instance.bindOutput(index, to: place(port))
    }
    for (index, port) in session.variables.enumerated() {
      instance.bindVariable(index, to: place(port).baseAddress!)
    }
    for _ in 0..<3 { try instance.run() }
    let before = (allocations: allocationCount(), faults: minorFaults())
    for _ in 0..<RunLoopBenchmark.runs { try instance.run() }
    let after = (allocations: allocationCount(), faults: minorFaults())
    let counted =
      if let first = before.allocations, let last = after.allocations { "\(last - first)" } else {
        "not counted"
      }
    print(
      "  run loop of \(session.name): allocations in \(RunLoopBenchmark.runs) runs: \(counted); "
        + "page faults: \(after.faults - before.faults)")
  }

  private func allocationCount() -> Int64? {
    guard let symbol = dlsym(nil, "tenon_allocation_count") else { return nil }
    return unsafeBitCast(symbol, to: (@convention(c) () -> Int64).self)()
  }
}
