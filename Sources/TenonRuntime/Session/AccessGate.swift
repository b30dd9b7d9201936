/// Lets readers in together and writers alone; who waits to write is let in before new readers.
final class AccessGate: Sendable {
  private struct State {
    var readers = 0
    var isWriting = false
    var waitingWriters = 0
  }

  private let state = Monitor(State())

  func read<Result>(_ body: () throws -> Result) rethrows -> Result {
    state.wait { state -> Void? in
      guard !state.isWriting, state.waitingWriters == 0 else { return nil }
      state.readers += 1
      return ()
    }
    defer { state.update { $0.readers -= 1 } }
    return try body()
  }

  func write<Result>(_ body: () throws -> Result) rethrows -> Result {
    state.withLock { $0.waitingWriters += 1 }
    state.wait { state -> Void? in
      guard !state.isWriting, state.readers == 0 else { return nil }
      state.waitingWriters -= 1
      state.isWriting = true
      return ()
    }
    defer { state.update { $0.isWriting = false } }
    return try body()
  }
}
