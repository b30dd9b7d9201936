import ArgumentParser
import Tenon

struct Options: ParsableArguments {
  @Option(help: "Where the graph and the trained weights are saved.")
  var output: String?

  @Option(help: "Where one test image is written as .npy, for `tenon run`.")
  var image: String?

  @Option(help: "Threads to use; the results are the same to the bit for any number.")
  var threads: Int?

  @Option(help: "Passes over the training images.")
  var epochs = 20

  @Option(help: "What runs the graph.")
  var backend = Backend.native

  func validate() throws {
    guard epochs > 0 else { throw ValidationError("--epochs must be at least 1, not \(epochs)") }
    guard (threads ?? 1) > 0 else {
      throw ValidationError("--threads must be at least 1, not \(threads!)")
    }
  }
}

extension Backend: @retroactive ExpressibleByArgument {}
