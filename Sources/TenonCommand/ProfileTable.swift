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

  static func text(_ report: ExecutionReport) -> String {
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
    let heads = ["step", "steps", "ms a run", "share", "threads", "GFLOP/s", "GB/s"]
    let table = rows.map { row in
      [
        row.kind.label, "\(row.steps)",
        fixed(Double(row.elapsed) / Double(report.profiledRuns) / 1e6, 4),
        fixed(100 * Double(row.elapsed) / Double(whole), 1) + " %",
        fixed(Double(row.busy) / Double(max(1, row.elapsed)), 2),
        rate(row.kind.flops, row), rate(row.kind.bytes, row),
      ]
    }
    return Console.table([heads] + table, rightAligned: [1, 2, 3, 4, 5, 6])
      + "\n\(report.profiledRuns) runs of \(fixed(Double(whole) / Double(report.profiledRuns) / 1e6, 4)) ms"
  }

  /// An amount of work of each execution, a nanosecond.
  private static func rate(_ amount: Int?, _ row: Row) -> String {
    guard let amount, amount > 0, row.elapsed > 0 else { return "" }
    return fixed(Double(amount) * Double(row.executions) / Double(row.elapsed), 1)
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
