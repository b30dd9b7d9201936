import Tenon

/// Kernels and buffers of compiled plans as text.
enum PlanTables {
  /// A paragraph for each kernel.
  static func kernels(_ report: CompileReport) -> String {
    var lines: [String] = []
    var entry = ""
    for kernel in report.kernels {
      if kernel.entry != entry {
        entry = kernel.entry
        lines.append("entry \(entry)")
      }
      lines.append(
        "  \(kernel.label)  [\(kernel.symbol)]" + (kernel.isPreparation ? "  (prepare)" : ""))
      lines.append("    \(kernel.types)")
      lines.append(
        "    \(amount(kernel.flops)) FLOPs, \(amount(kernel.bytes)) bytes, "
          + "\(amount(kernel.tiles)) tiles")
      lines.append("    schedule: \(kernel.schedule)")
      lines += kernel.arithmetic.map { "    computes in \($0)" }
      lines.append("    compiled: \(kernel.compilation)")
      lines += kernel.reasons.map { "    why: \($0)" }
      lines += kernel.origins.map { "    from \($0)" }
    }
    return lines.joined(separator: "\n")
  }

  /// A table for each entry, and its peak.
  static func memory(_ report: CompileReport) -> String {
    report.memory.map { memory in
      var rows = [["buffer", "name", "type", "place", "bytes", "steps"]]
      for (number, buffer) in memory.buffers.enumerated() {
        let life = buffer.lifetime.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "none"
        rows.append([
          "b\(number)", buffer.name, "\(buffer.type)", buffer.place,
          Console.grouped(buffer.byteCount), life,
        ])
      }
      let share =
        memory.liveBytes == 0
        ? "" : ", \(Double(memory.arenaBytes * 1000 / memory.liveBytes) / 1000) of the largest sum"
      return "entry \(memory.entry)\n" + Console.table(rows, rightAligned: [4, 5])
        + "\npeak: arena \(Console.grouped(memory.arenaBytes)) bytes; at most "
        + "\(Console.grouped(memory.liveBytes)) live at one step\(share); prepared "
        + "\(Console.grouped(memory.preparedBytes)); scratch "
        + "\(Console.grouped(memory.scratchBytesPerThread)) a thread"
    }.joined(separator: "\n\n")
  }

  private static func amount(_ size: Dimension) -> String {
    size.constant.map(Console.grouped) ?? "\(size)"
  }
}
