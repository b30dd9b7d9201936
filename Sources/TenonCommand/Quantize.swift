import ArgumentParser
import FoundationEssentials
import Tenon

/// `tenon quantize`: a model on 8-bit integers.
struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize", abstract: "Quantizes a model to 8 bits by what samples show.",
    discussion: """
      Each file of the folder is one sample: inputs by name, .npz or .safetensors. Matrix products \
      and convolutions with constant weights are computed on integers, but for those whose results \
      would be off by more than --max-error; the table says how far each is off. What sizes the \
      model leaves open are those of the first sample, unless --max-dim says otherwise.
      """)

  @Argument(help: "The model: a .tenon or .onnx file.")
  var model: String

  @Option(help: ArgumentHelp("The folder of samples.", valueName: "DIR"))
  var calibration: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Where the result is written: .tenon.", valueName: "FILE"))
  var output: String

  @Option(help: ArgumentHelp("The entry to quantize.", valueName: "NAME"))
  var entry: String?

  @Option(
    help: ArgumentHelp(
      "The largest error of a layer's results, relative to their size.", valueName: "ERROR"))
  var maxError: Double = 0.1

  @OptionGroup var feeds: FeedOptions

  func validate() throws {
    guard output.hasSuffix(".tenon") else { throw ValidationError("-o must name a .tenon file") }
    guard maxError >= 0 else { throw ValidationError("--max-error must not be negative") }
  }

  func run() throws {
    var feeds = try self.feeds.read()
    let samples = try Quantize.files(in: calibration).map { path in
      try TenonError.inContext("in sample \(path)") {
        Dictionary(
          try FeedOptions.tensors(inArchive: path), uniquingKeysWith: { first, _ in first })
      }
    }
    if let first = samples.first { feeds.tensors.merge(first) { given, _ in given } }
    let file = try ModelFile(path: model, feeds)
    let entry = try file.entry(self.entry)
    var quantization = PostTrainingQuantization(maximumError: maxError)
    quantization.options.sizes = try file.sizes(entry, feeds)
    quantization.options.frozen = file.variables
    let (graph, report) = try quantization.apply(
      to: file.graph, entry: entry.name,
      samples: samples.map { sample in
        sample.filter { !file.boundInputs.contains($0.key) }
      })
    try graph.save(to: output, variables: [])
    print(Quantize.text(report))
    print("wrote \(output)")
  }

  /// The samples of a folder, in the order of their names.
  ///
  /// - Throws: `quantize` where there are none.
  private static func files(in folder: String) throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      .filter { $0.hasSuffix(".npz") || $0.hasSuffix(".safetensors") }
    guard !names.isEmpty else { throw TenonError.emptyCalibration(folder) }
    return names.map { "\(folder)/\($0)" }
  }

  private static func text(_ report: QuantizationReport) -> String {
    var rows = [["layer", "op", "weights", "input from", "to", "error", "runs on"]]
    for layer in report.layers {
      rows.append([
        layer.name, layer.op, layer.weights.map(String.init).joined(separator: "x"),
        "\(layer.range.lowerBound)", "\(layer.range.upperBound)", Console.percent(layer.error),
        layer.isQuantized ? "i8" : "f32",
      ])
    }
    let count = report.layers.count(where: \.isQuantized)
    var lines = [Console.table(rows, rightAligned: [3, 4, 5])]
    lines.append(
      "\(count) of \(report.layers.count) layers run on integers; \(report.sampleCount) samples, "
        + "errors above \(Console.percent(report.maximumError)) stay in f32")
    for output in report.outputs {
      lines.append("output \(output.name): error \(Console.percent(output.error))")
    }
    return lines.joined(separator: "\n")
  }
}

extension TenonError {
  static func emptyCalibration(_ folder: String) -> TenonError {
    TenonError("quantize", "\(folder): no .npz or .safetensors file, each one sample, is there")
  }
}
