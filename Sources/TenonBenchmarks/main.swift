import Tenon

// Measures Tenon alone; run by `make bench`.
//
// Arguments: the command `tenon`, a saved digits graph, and one of its images; or `scale` for the
// graph-scale figures alone.
if CommandLine.arguments.dropFirst() != ["scale"] {
  guard CommandLine.arguments.count == 4 else {
    fatalError("usage: TenonBenchmarks TENON DIGITS.tenon IMAGE.npy | scale")
  }
  try DigitsBenchmark(
    command: CommandLine.arguments[1], model: CommandLine.arguments[2],
    image: CommandLine.arguments[3]
  ).run()
}
try ScaleBenchmark().run()
