/// How one run is to go.
public struct RunOptions: Sendable {
  /// Threads to use, at most as many as the session has; nil for all of them. The number changes
  /// no bit of the results.
  public var threads: Int?
  /// The longest the run may take, the wait for its turn included; checked between steps.
  public var timeLimit: Duration?
  /// Ends the run when it is cancelled; checked between steps.
  public var cancellation: Cancellation?
  /// True to time every step for `report`.
  public var profile: Bool

  /// The cancellation of the task that waits for the run.
  package var taskCancellation: Cancellation?

  public init(
    threads: Int? = nil, timeLimit: Duration? = nil, cancellation: Cancellation? = nil,
    profile: Bool = false
  ) {
    self.threads = threads
    self.timeLimit = timeLimit
    self.cancellation = cancellation
    self.profile = profile
  }
}
