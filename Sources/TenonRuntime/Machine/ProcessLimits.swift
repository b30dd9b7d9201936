import CTenonKernels
import Glibc

/// What the process may use of the machine: its allowed processors and its control group's
/// processor quota and memory limit.
public struct ProcessLimits: Hashable, Sendable {
  /// The processors that the process may run on, ascending.
  public var processors: [Int]
  /// How many threads can run at once: the processors, or the quota rounded up where that is less.
  public var concurrency: Int
  /// Bytes of memory the process may take: the control group's limit or the machine's memory.
  public var memory: Int

  public init(processors: [Int], concurrency: Int, memory: Int) {
    self.processors = processors
    self.concurrency = concurrency
    self.memory = memory
  }

  /// The limits when first asked for.
  public static let current = ProcessLimits()

  init() {
    let processors = ProcessLimits.allowedProcessors()
    let groups = ControlGroup.ofProcess()
    let quota = groups.compactMap(\.processorQuota).min()
    let machine = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
    let count = max(1, processors.count)
    self.init(
      processors: processors, concurrency: min(count, quota ?? count),
      memory: min(machine, groups.compactMap(\.memoryLimit).min() ?? machine))
  }

  private static func allowedProcessors() -> [Int] {
    var processors = [Int32](repeating: 0, count: 1024)
    let count = tenon_allowed_processors(&processors, Int32(processors.count))
    return processors.prefix(Int(count)).map { Int($0) }
  }
}

/// A folder of the control group file system that the process is in, or a parent of it.
struct ControlGroup {
  /// Reads one file of the folder.
  let read: (String) -> String?

  /// Processors' worth of time the group may use, rounded up; nil for no quota.
  var processorQuota: Int? {
    if let text = read("cpu.max") {
      let parts = text.split(whereSeparator: \.isWhitespace).map { Int($0) }
      guard parts.count == 2, let quota = parts[0], let period = parts[1], period > 0 else {
        return nil
      }
      return max(1, (quota + period - 1) / period)
    }
    guard let quota = number("cpu.cfs_quota_us"), quota > 0,
      let period = number("cpu.cfs_period_us"), period > 0
    else { return nil }
    return max(1, (quota + period - 1) / period)
  }

  /// Bytes of memory the group may take; nil for no limit.
  var memoryLimit: Int? { number("memory.max") ?? number("memory.limit_in_bytes") }

  private func number(_ file: String) -> Int? {
    guard let text = read(file) else { return nil }
    return Int(text.prefix { !$0.isWhitespace })
  }

  /// The process's groups with all their parents, of version 2 and of version 1's `cpu` and
  /// `memory`.
  static func ofProcess() -> [ControlGroup] {
    guard let text = contents("/proc/self/cgroup") else { return [] }
    var folders: [String] = []
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      var roots: [String] = []
      if parts[1].isEmpty { roots.append("/sys/fs/cgroup") }
      for controller in parts[1].split(separator: ",")
      where controller == "cpu" || controller == "memory" {
        roots.append("/sys/fs/cgroup/\(controller)")
      }
      for root in roots {
        var path = parts[2].split(separator: "/").map(String.init)
        while true {
          folders.append(([root] + path).joined(separator: "/"))
          if path.isEmpty { break }
          path.removeLast()
        }
      }
    }
    return folders.map { folder in ControlGroup { contents("\(folder)/\($0)") } }
  }

  /// The first 4 KiB of a file; nil where it cannot be read.
  private static func contents(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
    guard count >= 0 else { return nil }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}
