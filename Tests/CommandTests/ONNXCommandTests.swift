import Glibc
import TenonFormats
import TenonTensor
import Testing

/// What the command does with a model in the ONNX format: that of Samples/06-RunONNX.
@Suite struct ONNXCommandTests {
  private let command: CommandFolder

  init() throws {
    command = try CommandFolder()
    let sample = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    let model = try ByteSource(path: "\(sample)/Samples/06-RunONNX/Model/digits.onnx")
    try AtomicFile.write(model.copy(0..<model.count), to: command.file("digits.onnx"))
    let images = try Tensor((0..<192).map { Float($0 % 17) / 16 }, shape: [3, 1, 8, 8])
    try Npy.write(images, to: command.file("images.npy"))
  }

  private func result(_ arguments: String) -> (succeeded: Bool, output: String) {
    let outcome = command.tenon(arguments, "PATH='\(String(cString: getenv("PATH")))'")
    return (outcome.ending == .exited(0), outcome.output)
  }

  @Test func aConvertedModelGivesTheSameBytes() throws {
    defer { command.remove() }
    #expect(result("convert digits.onnx -o digits.tenon").output == "wrote digits.tenon\n")
    #expect(result("run digits.onnx --input images=images.npy --output-dir a").succeeded)
    #expect(result("run digits.tenon --input images=images.npy --output-dir b").succeeded)
    #expect(
      result("compile digits.onnx -o digits.plan --input images=images.npy").output
        == "wrote digits.plan\n")
    #expect(result("run --plan digits.plan --input images=images.npy --output-dir c").succeeded)
    let imported = try command.bytes("a/probabilities.npy")
    #expect(try command.bytes("b/probabilities.npy") == imported)
    #expect(try command.bytes("c/probabilities.npy") == imported)
  }

  @Test func aModelIsQuantizedByItsSamples() throws {
    defer { command.remove() }
    #expect(mkdir(command.file("samples"), 0o777) == 0)
    #expect(
      result("quantize digits.onnx --calibration samples -o small.tenon").output
        == "tenon: samples: no .npz or .safetensors file, each one sample, is there\n")
    for number in 0..<3 {
      let images = try Tensor(
        (0..<192).map { Float(($0 * 7 + number) % 17) / 16 }, shape: [3, 1, 8, 8])
      try Npz.write([("images", images)], to: command.file("samples/\(number).npz"))
    }
    let quantized = result("quantize digits.onnx --calibration samples -o small.tenon")
    #expect(quantized.succeeded, "\(quantized.output)")
    let lines = quantized.output.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("layer  ") })
    #expect(lines.contains { $0.contains("convolution") && $0.hasSuffix("  i8") })
    #expect(
      lines.contains {
        $0.hasSuffix("layers run on integers; 3 samples, errors above 10.00 % stay in f32")
      })
    #expect(lines.contains { $0.hasPrefix("output probabilities: error ") })
    #expect(lines.last == "wrote small.tenon")
    #expect(result("run small.tenon --input images=images.npy --output-dir a").succeeded)
    let kernels = result("inspect small.tenon --kernels").output
    #expect(kernels.contains("dot products of 4") || kernels.contains("u8["))
    let misuse = result("quantize digits.onnx --calibration samples -o small.plan")
    #expect(misuse.output.hasPrefix("Error: -o must name a .tenon file\n"))
  }

  @Test func aMissingInputIsNamed() {
    defer { command.remove() }
    #expect(
      result("run digits.onnx --dim batch=2").output == """
        tenon: entry main: input images missing; give each as --input NAME=FILE.npy
          images  f32[2x1x8x8]

        """)
  }

  @Test func malformedArgumentsAreMistakesOfUse() {
    defer { command.remove() }
    for (arguments, line) in [
      (
        "--dim batch=x",
        "'batch=x' is invalid for '--dim <NAME=SIZE>': it must read NAME=SIZE, as batch=8"
      ),
      (
        "--max-dim batch",
        "'batch' is invalid for '--max-dim <NAME=SIZE>': it must read NAME=SIZE, as batch=8"
      ),
      (
        "--input images.npy",
        "'images.npy' is invalid for '--input <NAME=FILE.npy>': it must read NAME=FILE.npy"
      ),
    ] {
      let outcome = command.tenon("run digits.onnx \(arguments)")
      #expect(outcome.ending == .exited(64))
      #expect(outcome.output.hasPrefix("Error: The value \(line)\n"))
    }
    let twice = command.tenon("run digits.onnx --dim batch=2 --dim batch=3")
    #expect(twice.ending == .exited(64))
    #expect(twice.output.hasPrefix("Error: --dim: batch is given twice\n"))
  }

  @Test func namesOfSizesAreChecked() {
    defer { command.remove() }
    #expect(
      result("inspect digits.onnx --dim bach=2").output == """
        tenon: no input of the model has a size called bach
          named sizes: batch
          while importing digits.onnx

        """)
    #expect(
      result("run digits.onnx --input images=images.npy --dim batch=2").output == """
        tenon: size batch is 2, but input images has 3 there
          while importing digits.onnx

        """)
  }

  @Test func aDryRunLooksOnly() {
    defer { command.remove() }
    #expect(
      result("convert --dry-run digits.onnx").output
        == "all 6 nodes are of supported operators\n")
    #expect(result("convert digits.onnx").succeeded == false)
  }

  @Test func whatIsNoModelIsRefused() throws {
    defer { command.remove() }
    try AtomicFile.write(Array("no model".utf8), to: command.file("text.onnx"))
    let outcome = command.tenon("run text.onnx")
    #expect(outcome.ending == .exited(1))
    #expect(outcome.output.hasPrefix("tenon: text.onnx: "))
  }
}
