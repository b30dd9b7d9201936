import Tenon

/// The pass log as text: a line for each pass, its rewrites and refusals beneath, and at the end
/// what became of the recorded nodes.
struct PassTable {
  let text: String

  init(_ report: CompileReport) {
    let log = report.passes
    var rows = [["pass", "before", "after", "rewrites", "time"]]
    var notes: [Int: [String]] = [:]
    for pass in log.passes {
      let counts = log.rewriteCounts(pass)
      let title = pass.occurrence > 0 ? "\(pass.name) (\(pass.occurrence + 1))" : pass.name
      rows.append([
        title, Console.grouped(pass.nodesBefore), Console.grouped(pass.nodesAfter),
        Console.grouped(counts.reduce(0) { $0 + $1.count }),
        Console.milliseconds(pass.nanoseconds),
      ])
      var lines = counts.map { "    \($0.count) × \($0.rule): \($0.reason)" }
      lines += PassTable.refusals(pass, report.graph)
      notes[rows.count - 1] = lines
    }
    let lines = Console.table(rows, rightAligned: [1, 2, 3, 4]).split(separator: "\n")
    var all: [String] = []
    for (place, line) in lines.enumerated() {
      all.append(String(line))
      all += notes[place] ?? []
    }
    text = (all + [report.nodes.description]).joined(separator: "\n")
  }

  /// What a pass matched but left, by rule and reason, each with the nodes.
  private static func refusals(_ pass: PassLog.Pass, _ graph: Graph) -> [String] {
    pass.refusalGroups(graph).map { group in
      "    left \(group.count) × \(group.rule): \(group.reason)\n      "
        + group.nodes.joined(separator: ", ")
    }
  }
}
