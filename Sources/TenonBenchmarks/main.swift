import Tenon

// Measures Tenon alone; run by `make bench`.
//
// Arguments: the command `tenon`, a saved digits graph, and one of its images; or `scale` or
// `contractions` for those figures alone.
let arguments = Array(CommandLine.arguments.dropFirst())
if arguments != ["scale"], arguments != ["contractions"] {
  guard CommandLine.arguments.count == 4 else {
    fatalError("usage: TenonBenchmarks TENON DIGITS.tenon IMAGE.npy | scale | contractions")
  }
  try DigitsBenchmark(
    command: CommandLine.arguments[1], model: CommandLine.arguments[2],
    image: CommandLine.arguments[3]
  ).run()
}
if arguments != ["scale"] { try ContractionBenchmark().run() }
if arguments != ["contractions"] { try ScaleBenchmark().run() }
