import Tenon

/// Where profiled runs spent their time, as text: equal steps together, the longest first.
enum ProfileTable {
  /// Steps of one label and one amount of work.
  private struct Kind: Hashable {
    let label: String
    let flops: Int?
    let bytes: Int?
  }

  private struct Row {
    let kind: Kind
    var steps = 0
    var executions = 0
    var elapsed = 0
    var busy = 0
  }

  /// - Parameter speed: what was measured of the machine, for the share of its peak.
  static func text(_ report: ExecutionReport, _ speed: MachineSpeed?) -> String {
    var order: [Kind: Int] = [:]
    var rows: [Row] = []
    for step in report.steps where step.runs > 0 {
      let kind = Kind(label: step.label, flops: step.flops, bytes: step.bytes)
      let place = order[kind] ?? rows.count
      if place == rows.count {
        order[kind] = place
        rows.append(Row(kind: kind))
      }
      rows[place].steps += 1
      rows[place].executions += step.runs
      rows[place].elapsed += step.elapsedNanoseconds
      rows[place].busy += step.busyNanoseconds
    }
    rows.sort { $0.elapsed > $1.elapsed }
    let whole = max(1, report.elapsedNanoseconds)
    let heads =
      ["step", "steps", "ms a run", "share", "threads", "GFLOP/s", "GB/s"]
      + (speed == nil ? [] : ["of peak"])
    let peak = speed?.peakGFLOPS(threads: report.threads)
    let table = rows.map { row in
      [
        row.kind.label, "\(row.steps)",
        fixed(Double(row.elapsed) / Double(report.profiledRuns) / 1e6, 4),
        fixed(100 * Double(row.elapsed) / Double(whole), 1) + " %",
        fixed(Double(row.busy) / Double(max(1, row.elapsed)), 2),
        rate(row.kind.flops, row), rate(row.kind.bytes, row),
      ] + (peak.map { [share(row, $0)] } ?? [])
    }
    return Console.table([heads] + table, rightAligned: Set(1..<heads.count))
      + "\n\(report.profiledRuns) runs of \(fixed(Double(whole) / Double(report.profiledRuns) / 1e6, 4)) ms"
  }

  /// An amount of work of each execution, a nanosecond.
  private static func rate(_ amount: Int?, _ row: Row) -> String {
    guard let amount, amount > 0, row.elapsed > 0 else { return "" }
    return fixed(Double(amount) * Double(row.executions) / Double(row.elapsed), 1)
  }

  /// The part that a row's arithmetic is of what the machine could do in its time.
  private static func share(_ row: Row, _ peak: Double) -> String {
    guard let flops = row.kind.flops, flops > 0, row.elapsed > 0 else { return "" }
    let rate = Double(flops) * Double(row.executions) / Double(row.elapsed)
    return "\(Int((100 * rate / peak).rounded())) %"
  }

  /// A number with so many digits after the point.
  private static func fixed(_ number: Double, _ digits: Int) -> String {
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((number * Double(scale)).rounded())
    let rest = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: digits - rest.count) + rest
  }
}
