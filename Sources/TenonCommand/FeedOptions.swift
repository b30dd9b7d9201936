import ArgumentParser
import Tenon

/// Inputs by name, and numbers for named sizes.
struct Feeds {
  var tensors: [String: Tensor] = [:]
  var sizes: [String: Int] = [:]
  var maximumSizes: [String: Int] = [:]
}

/// Where inputs and sizes come from: shared by the subcommands that run models.
struct FeedOptions: ParsableArguments {
  @Option(
    name: .customLong("input"),
    help: ArgumentHelp("An input from a NumPy file.", valueName: "NAME=FILE.npy"))
  var inputFiles: [String] = []

  @Option(
    name: .customLong("inputs"),
    help: ArgumentHelp("Inputs by name from one file, .npz or .safetensors.", valueName: "FILE"))
  var archive: String?

  @Option(
    name: .customLong("dim"),
    help: ArgumentHelp("A number for a named dimension: batch=8.", valueName: "NAME=SIZE"))
  var dimensions: [String] = []

  @Option(
    name: .customLong("max-dim"),
    help: ArgumentHelp(
      "The largest size of a named dimension of an imported model; runs may have any up to it.",
      valueName: "NAME=SIZE"))
  var maximumDimensions: [String] = []

  /// What the options say.
  ///
  /// - Throws: `feed` and `dimension` for text that does not read as it must, and what reading
  ///   files throws.
  func read() throws -> Feeds {
    Feeds(
      tensors: try tensors(), sizes: try FeedOptions.sizes(dimensions, of: "--dim"),
      maximumSizes: try FeedOptions.sizes(maximumDimensions, of: "--max-dim"))
  }

  /// The tensors that the files hold, by input name.
  ///
  /// - Throws: `feed` for text that does not read NAME=FILE or a name given twice, and what reading
  ///   throws.
  private func tensors() throws -> [String: Tensor] {
    var feeds: [String: Tensor] = [:]
    func add(_ name: String, _ tensor: Tensor) throws {
      guard feeds.updateValue(tensor, forKey: name) == nil else {
        throw TenonError.givenTwice(name)
      }
    }
    if let archive {
      for (name, tensor) in try FeedOptions.read(archive) { try add(name, tensor) }
    }
    for text in inputFiles {
      guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
        throw TenonError.inputFormat(text)
      }
      try add(String(text[..<equals]), Npy.read(path: String(text[text.index(after: equals)...])))
    }
    return feeds
  }

  private static func read(_ path: String) throws -> [(String, Tensor)] {
    if path.hasSuffix(".npz") { return try NpzFile(path: path).tensors() }
    guard path.hasSuffix(".safetensors") else { throw TenonError.inputsFormat(path) }
    let file = try SafetensorsFile(path: path)
    return try file.names.map { ($0, try file.tensor(named: $0)) }
  }

  /// - Throws: `dimension` for text that does not read NAME=SIZE.
  private static func sizes(_ texts: [String], of option: String) throws -> [String: Int] {
    var sizes: [String: Int] = [:]
    for text in texts {
      let parts = text.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, let size = Int(parts[1]), size >= 0,
        sizes.updateValue(size, forKey: String(parts[0])) == nil
      else { throw TenonError.dimensionFormat(option, text) }
    }
    return sizes
  }
}
