import Tenon

/// What tuning found as text: a line for each kernel, and the sum.
struct TuningTable {
  let report: TuningReport

  init(_ report: TuningReport) { self.report = report }

  var text: String {
    var rows = [["kernel", "steps", "model ms", "chosen ms", "gain", "schedule"]]
    var (before, after) = (0.0, 0.0)
    for kernel in report.kernels {
      var cells = [kernel.entry.label, "\(kernel.uses)", "", "", ""]
      if let (model, chosen) = kernel.milliseconds {
        before += model * Double(kernel.uses)
        after += chosen * Double(kernel.uses)
        cells[2] = TuningTable.digits(model)
        cells[3] = TuningTable.digits(chosen)
        cells[4] = Console.percent(1 - chosen / max(model, 1e-9))
      }
      let isModels = kernel.entry.schedule == kernel.entry.model
      cells.append(isModels ? "the cost model's" : kernel.entry.schedule)
      rows.append(cells)
    }
    let new = report.kernels.count(where: \.isNew)
    let kept = report.kernels.count - new
    return Console.table(rows, rightAligned: [1, 2, 3, 4])
      + "\n\(new) kernels measured" + (kept > 0 ? ", \(kept) from the file" : "")
      + "; together \(TuningTable.digits(after)) ms of \(TuningTable.digits(before)) ms"
  }

  private static func digits(_ milliseconds: Double) -> String {
    // `1.234 ms` without its unit.
    String(Console.milliseconds(Int((min(milliseconds, 1e9) * 1e6).rounded())).dropLast(3))
  }
}
