import Glibc

/// Threads of the runtime's own on which work may block; made as needed, kept.
final class HostThreads: Sendable {
  static let shared = HostThreads(limit: 64)

  private struct State {
    var work: [@Sendable () -> Void] = []
    var threads = 0
    var idle = 0
  }

  private let state = Monitor(State())
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// Calls `work` on one of the threads, in order of submission where all are busy.
  func submit(_ work: @escaping @Sendable () -> Void) {
    let needsThread = state.update { state in
      state.work.append(work)
      guard state.work.count > state.idle, state.threads < limit else { return false }
      state.threads += 1
      return true
    }
    guard needsThread else { return }
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    if pthread_create(&thread, nil, serveHostThread, context) == 0 {
      pthread_detach(thread)
    } else {
      Unmanaged<HostThreads>.fromOpaque(context).release()
      let none = state.withLock { state in
        state.threads -= 1
        return state.threads == 0
      }
      // Without any thread the work can only be done here.
      if none, let next = state.withLock({ $0.work.popLast() }) { next() }
    }
  }

  fileprivate func serve() {
    while true {
      state.withLock { $0.idle += 1 }
      let work = state.wait { state -> (@Sendable () -> Void)? in
        guard !state.work.isEmpty else { return nil }
        state.idle -= 1
        return state.work.removeFirst()
      }
      work()
    }
  }
}

private func serveHostThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  Unmanaged<HostThreads>.fromOpaque(context!).takeRetainedValue().serve()
  return nil
}
