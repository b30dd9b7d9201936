import Tenon

// Measures Tenon alone; run by `make bench`.
//
// Arguments: the command `tenon`, a saved digits graph, and one of its images; or `scale`,
// `contractions`, `cliffs` or `layouts` for those figures alone.
let arguments = Array(CommandLine.arguments.dropFirst())
let parts = ["scale", "contractions", "cliffs", "layouts"]
let only = arguments.count == 1 && parts.contains(arguments[0]) ? arguments[0] : nil
if only == nil {
  guard CommandLine.arguments.count == 4 else {
    let rest = parts.joined(separator: " | ")
    fatalError("usage: TenonBenchmarks TENON DIGITS.tenon IMAGE.npy | \(rest)")
  }
  try DigitsBenchmark(
    command: CommandLine.arguments[1], model: CommandLine.arguments[2],
    image: CommandLine.arguments[3]
  ).run()
}
if only == nil || only == "contractions" { try ContractionBenchmark().run() }
if only == nil || only == "cliffs" { try CliffBenchmark().run() }
if only == nil || only == "layouts" { try LayoutBenchmark().run() }
if only == nil || only == "scale" { try ScaleBenchmark().run() }
