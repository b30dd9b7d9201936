import TenonGraph
import TenonTensor

/// What the kernels of an entry were when the compiler was last needed for them, kept beside the
/// cache, so that a kernel that is compiled again can say what has changed.
package struct CompilationHistory {
  /// What a kernel's machine code depends on beside what it computes.
  struct Conditions: Equatable {
    var emission: String
    var target: String
    var flags: String
    var compiler: String
  }

  /// A kernel as it was compiled.
  struct Entry: Equatable {
    var conditions: Conditions
    /// The types of what it reads and writes.
    var types: String
    /// The kernel's text, hashed.
    var text: String
  }

  /// By name, in the order of the entry's groups.
  private var known: [String: Entry] = [:]
  private let cache: KernelCache
  private let subject: String

  private init(_ cache: KernelCache, of subject: String) {
    self.cache = cache
    self.subject = subject
    guard let note = cache.note(named: "history", about: subject) else { return }
    for line in note.split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 7 else { continue }
      let conditions = Conditions(
        emission: fields[1], target: fields[2], flags: fields[3], compiler: fields[4])
      known[fields[0]] = Entry(conditions: conditions, types: fields[5], text: fields[6])
    }
  }

  /// Says of each kernel that the compiler was needed for why it was, and remembers all.
  ///
  /// - Parameters:
  ///   - names: by kernel, where it stands in the entry; no two are equal.
  ///   - subject: the program and entry.
  package static func explained(
    _ kernels: [CompiledKernel], names: @autoclosure () -> [String], of subject: String
  ) -> [CompiledKernel] {
    guard let cache = kernels.first?.cache, kernels.contains(where: { $0.compilation != .cached })
    else { return kernels }
    var kernels = kernels
    CompilationHistory(cache, of: subject).explain(&kernels, names())
    return kernels
  }

  private func explain(_ kernels: inout [CompiledKernel], _ names: [String]) {
    let entries = kernels.map(CompilationHistory.entry)
    for (name, (place, entry)) in zip(names, zip(kernels.indices, entries))
    where kernels[place].compilation != .cached {
      if let old = known[CompilationHistory.field(name)] {
        kernels[place].compilation = .again(because: CompilationHistory.change(old, entry))
      }
    }
    let lines = zip(names, entries).map { name, entry in
      let conditions = entry.conditions
      return [
        name, conditions.emission, conditions.target, conditions.flags, conditions.compiler,
        entry.types, entry.text,
      ].map(CompilationHistory.field).joined(separator: "\t")
    }
    cache.keepNote(lines.joined(separator: "\n"), named: "history", about: subject)
  }

  /// The text on one line and in one field.
  private static func field(_ text: String) -> String {
    String(text.map { $0 == "\t" || $0 == "\n" ? " " : $0 })
  }

  private static func entry(_ kernel: CompiledKernel) -> Entry {
    func list(_ types: [TensorType]) -> String { types.map(\.description).joined(separator: ", ") }
    return Entry(
      conditions: kernel.conditions,
      types: "\(list(kernel.group.inputs)) -> \(list(kernel.group.outputs))",
      text: SHA256.hexDigest(kernel.kernel.description))
  }

  /// What differs, the first thing that a user would look for first.
  private static func change(_ old: Entry, _ new: Entry) -> String {
    let (before, now) = (old.conditions, new.conditions)
    if before.compiler != now.compiler {
      return "the compiler is \(now.compiler), and was \(before.compiler)"
    }
    if before.target != now.target {
      return "the target is \(now.target), and was \(before.target)"
    }
    if before.flags != now.flags {
      return "the compiler's flags are \(now.flags), and were \(before.flags)"
    }
    if before.emission != now.emission {
      return "Tenon writes other C for equal kernels than it did"
    }
    if old.types != new.types { return "its types have changed; they were \(old.types)" }
    if old.text != new.text { return "what it computes, or its schedule, has changed" }
    return "its machine code had left the cache"
  }
}

/// Whether the compiler was needed for a kernel.
package enum KernelCompilation: Hashable, Sendable {
  /// The cache had its machine code.
  case cached
  /// No kernel of this place was compiled before, as far as the cache remembers.
  case first
  case again(because: String)
}

extension KernelCompilation: CustomStringConvertible {
  package var description: String {
    switch self {
    case .cached: "no, the cache has its machine code"
    case .first: "for the first time"
    case .again(let reason): "again: \(reason)"
    }
  }
}
