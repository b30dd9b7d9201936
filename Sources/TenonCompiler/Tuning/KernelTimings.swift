import TenonCodegen
import TenonTensor

/// Measured schedules of kernels, as a timing cache keeps them: for each kernel the one to use and
/// how long each candidate took. A plan depends on the graph, the target and these alone: entries
/// that no kernel has are ignored, and a schedule that does not fit its kernel leaves the cost
/// model's, which `inspect --kernels` says.
public struct KernelTimings: Hashable, Sendable {
  /// What was measured of a kernel.
  public struct Entry: Hashable, Sendable {
    /// What tells the kernel from others: its types, a digest of what it computes, the target.
    public var kernel: String
    /// What it computes, for people: `convolution+relu`.
    public var label: String
    /// The schedule to use.
    public var schedule: String { choice.description }
    /// The cost model's, when this was measured.
    public var model: String { modelChoice.description }
    /// In the order in which they were measured; empty where somebody only pinned a schedule.
    public var candidates: [Candidate]
    package var choice: ContractionChoice
    package var modelChoice: ContractionChoice

    package init(
      kernel: String, label: String, choice: ContractionChoice, modelChoice: ContractionChoice,
      candidates: [Candidate] = []
    ) {
      self.kernel = kernel
      self.label = label
      self.choice = choice
      self.modelChoice = modelChoice
      self.candidates = candidates
    }

    /// Milliseconds of a schedule, where it was measured.
    public func milliseconds(of schedule: String) -> Double? {
      candidates.first { $0.schedule == schedule }?.milliseconds
    }
  }

  /// A schedule and the milliseconds that the kernel took by it.
  public struct Candidate: Hashable, Sendable {
    public var schedule: String
    public var milliseconds: Double

    public init(schedule: String, milliseconds: Double) {
      self.schedule = schedule
      self.milliseconds = milliseconds
    }
  }

  /// In the order of their kernels.
  public private(set) var entries: [Entry] = []

  /// No timings: every schedule is the cost model's.
  public init() {}

  /// The entry of a kernel.
  public subscript(kernel: String) -> Entry? {
    let place = place(of: kernel)
    return place < entries.count && entries[place].kernel == kernel ? entries[place] : nil
  }

  /// Adds an entry, in the place of one that its kernel may have.
  public mutating func set(_ entry: Entry) {
    let place = place(of: entry.kernel)
    if place < entries.count, entries[place].kernel == entry.kernel {
      entries[place] = entry
    } else {
      entries.insert(entry, at: place)
    }
  }

  /// The first entry whose kernel is not before this one.
  private func place(of kernel: String) -> Int {
    var (lower, upper) = (0, entries.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if entries[middle].kernel < kernel { lower = middle + 1 } else { upper = middle }
    }
    return lower
  }
}

extension KernelTimings.Entry {
  /// The schedule as a kernel is asked for it.
  var request: ScheduleRequest {
    guard let own = milliseconds(of: schedule) else {
      return ScheduleRequest(choice, origin: "pinned by the timings")
    }
    if choice == modelChoice {
      return ScheduleRequest(choice, origin: "measured: \(Self.text(own)) ms, as the cost model")
    }
    let before = milliseconds(of: model).map { " of \(Self.text($0))" } ?? ""
    return ScheduleRequest(choice, origin: "measured: \(Self.text(own))\(before) ms")
  }

  /// Three digits after the point.
  static func text(_ milliseconds: Double) -> String {
    let thousandths = Int((min(milliseconds, 1e12) * 1000).rounded())
    let rest = String(thousandths % 1000)
    return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }
}
