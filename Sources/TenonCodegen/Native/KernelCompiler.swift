import TenonGraph
import TenonTensor

/// Groups to machine code: schedule, key, cache, and clang for what the cache does not hold.
package struct KernelCompiler {
  package let scheduler: Scheduler
  package var target: Target { scheduler.target }
  package let cache: KernelCache
  /// The compiler to use; looked for when first needed where nil.
  package let compiler: CCompiler?
  /// Seconds that one run of the compiler may take.
  package let timeLimit: Int

  package init(
    target: Target, cache: KernelCache, compiler: CCompiler? = nil, timeLimit: Int = 120
  ) {
    self.init(
      scheduler: Scheduler(target: target), cache: cache, compiler: compiler, timeLimit: timeLimit)
  }

  package init(
    scheduler: Scheduler, cache: KernelCache, compiler: CCompiler? = nil, timeLimit: Int = 120
  ) {
    self.scheduler = scheduler
    self.cache = cache
    self.compiler = compiler
    self.timeLimit = timeLimit
  }

  /// The kinds of lowering, beside `compute`, of composites that have kernels of their own, and
  /// Winograd's algorithm for convolutions.
  package static let claimedLowerings = ["attention", "winograd"]

  /// Why a group has no native kernel; nil where it has one.
  package static func refusal(_ group: KernelGroup) -> String? {
    for type in group.inputs + group.outputs where !type.element.hasKernels {
      return "the element type \(type.element)"
    }
    switch group.body {
    case .stages(let stages):
      return stages.isEmpty ? "an empty group" : nil
    case .single(.compute), .single(.place), .single(.scatter), .single(.prefixScan),
      .single(.sort):
      return nil
    case .single(.attention(let attention)): return AttentionSchedule.refusal(group, attention)
    case .single(let lowering): return "the lowering `\(lowering.kind)`"
    }
  }

  /// The kernels of groups, in their order; equal groups are compiled once.
  ///
  /// - Throws: `kernel-unsupported` for a group that `refusal` refuses, `compiler-missing` and
  ///   `compiler-failed` where clang is needed and does not do its work, `cache-failed`.
  package func compile(_ groups: [KernelGroup]) throws -> [CompiledKernel] {
    guard !groups.isEmpty else { return [] }
    let compiler = try self.compiler ?? CCompiler.find()
    let version = try compiler.version(cache)
    var places: [KernelGroup: Int] = [:]
    var drafts: [KernelDraft] = []
    let numbers = try groups.map { group -> Int in
      if let place = places[group] { return place }
      places[group] = drafts.count
      drafts.append(try KernelDraft(group, scheduler: scheduler, compilerVersion: version))
      return drafts.count - 1
    }
    var objects: [String: String] = [:]
    var missing: [KernelDraft] = []
    for draft in drafts where objects[draft.key] == nil {
      if let path = cache.object(forKey: draft.key) {
        objects[draft.key] = path
      } else if !missing.contains(where: { $0.key == draft.key }) {
        missing.append(draft)
      }
    }
    for (key, path) in try build(missing, compiler) { objects[key] = path }
    let compiled = Set(missing.map(\.key))
    let kernels = drafts.map {
      $0.compiled(objects[$0.key]!, compiled.contains($0.key) ? .first : .cached, cache)
    }
    return numbers.map { kernels[$0] }
  }

  /// Compiles kernels in as many batches as run at once; the object of each key.
  private func build(_ drafts: [KernelDraft], _ compiler: CCompiler) throws -> [(String, String)] {
    guard !drafts.isEmpty else { return [] }
    let batches = KernelCompiler.batches(drafts)
    let sources = batches.map { batch -> String in
      var source = CSource(target: target)
      for draft in batch { source.add(draft.scheduled.kernel, symbol: draft.symbol) }
      return source.text
    }
    let outputs = batches.map { _ in cache.draftPath() }
    let jobs = zip(sources, outputs).map { compiler.job($0, target: target, output: $1) }
    let outcomes = ChildProcess.run(
      jobs, atOnce: 2, timeLimit: CCompiler.isSanitizing ? timeLimit * 20 : timeLimit)
    for (number, outcome) in outcomes.enumerated() where !outcome.succeeded {
      outputs.forEach { FileBytes.remove($0) }
      throw TenonError.compilerFailed(
        ([jobs[number].program] + jobs[number].arguments).joined(separator: " "),
        outcome.ending, output: outcome.output, source: cache.keepFailed(sources[number]))
    }
    var result: [(String, String)] = []
    for (batch, output) in zip(batches, outputs) {
      let keys = batch.map(\.key)
      let name = SHA256.hexDigest(keys.joined(separator: " "))
      let path = try cache.keep(draft: output, as: name, keys: keys)
      result += keys.map { ($0, path) }
    }
    return result
  }

  /// Batches of about equal length, two where there are two kernels or more.
  private static func batches(_ drafts: [KernelDraft]) -> [[KernelDraft]] {
    let sorted = drafts.sorted { ($1.text.utf8.count, $0.key) < ($0.text.utf8.count, $1.key) }
    var batches: [(size: Int, drafts: [KernelDraft])] = []
    for _ in 0..<min(2, drafts.count) { batches.append((0, [])) }
    for draft in sorted {
      let place = batches.indices.min { batches[$0].size < batches[$1].size }!
      batches[place].drafts.append(draft)
      batches[place].size += draft.text.utf8.count
    }
    return batches.map(\.drafts)
  }
}

/// A scheduled group with its key, before it is compiled.
struct KernelDraft {
  let group: KernelGroup
  let symbols: [Symbol]
  let scheduled: ScheduledKernel
  /// The kernel's text.
  let text: String
  let key: String
  let target: Target
  let conditions: CompilationHistory.Conditions

  /// The function's name.
  var symbol: String { "tenon_" + key.prefix(16) }

  init(_ group: KernelGroup, scheduler: Scheduler, compilerVersion: String) throws {
    if let refusal = KernelCompiler.refusal(group) { throw TenonError.kernelUnsupported(refusal) }
    self.group = group
    target = scheduler.target
    let canonical = group.canonical()
    symbols = canonical.symbols
    scheduled = scheduler.schedule(canonical.group)
    text = scheduled.kernel.description
    conditions = CompilationHistory.Conditions(
      emission: "\(CSource.version)", target: target.name,
      flags: CCompiler.flags(target).joined(separator: " "), compiler: compilerVersion)
    key = SHA256.hexDigest(
      "emission \(conditions.emission)\n\(conditions.target)\n\(conditions.flags)\n"
        + "\(conditions.compiler)\n\(text)")
  }

  func compiled(_ object: String, _ compilation: KernelCompilation, _ cache: KernelCache)
    -> CompiledKernel
  {
    let kernel = scheduled.kernel
    let tiles = kernel.tiles.substituting { name in
      kernel.parameters.firstIndex(of: name).map { Dimension(symbols[$0]) }
    }
    return CompiledKernel(
      key: key, symbol: symbol, objectPath: object, sizes: symbols.map { Dimension($0) },
      tiles: tiles, hasUniformTiles: scheduled.hasUniformTiles, scratchBytes: kernel.scratchBytes,
      flops: group.flops, bytes: group.byteCount, schedule: scheduled.description, kernel: kernel,
      target: target, group: group, conditions: conditions, cache: cache, compilation: compilation)
  }
}

extension ElementType {
  /// True where kernels can read and write the type.
  var hasKernels: Bool { !isComplex && self != .string }
}
