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
    help: ArgumentHelp("An input from a NumPy file.", valueName: "NAME=FILE.npy"),
    transform: NamedFile.init(argument:))
  var inputFiles: [NamedFile] = []

  @Option(
    name: .customLong("inputs"),
    help: ArgumentHelp("Inputs by name from one file, .npz or .safetensors.", valueName: "FILE"))
  var archive: String?

  @Option(
    name: .customLong("dim"),
    help: ArgumentHelp("A number for a named dimension: batch=8.", valueName: "NAME=SIZE"),
    transform: NamedSize.init(argument:))
  var dimensions: [NamedSize] = []

  @Option(
    name: .customLong("max-dim"),
    help: ArgumentHelp(
      "The largest size of a named dimension of an imported model; runs may have any up to it.",
      valueName: "NAME=SIZE"),
    transform: NamedSize.init(argument:))
  var maximumDimensions: [NamedSize] = []

  func validate() throws {
    for (option, given) in [("--dim", dimensions), ("--max-dim", maximumDimensions)] {
      for (place, size) in given.enumerated()
      where given[..<place].contains(where: { $0.name == size.name }) {
        throw ValidationError("\(option): \(size.name) is given twice")
      }
    }
  }

  /// What the options say.
  ///
  /// - Throws: `feed` for an input given twice, and what reading files throws.
  func read() throws -> Feeds {
    func sizes(_ given: [NamedSize]) -> [String: Int] {
      Dictionary(uniqueKeysWithValues: given.map { ($0.name, $0.size) })
    }
    return Feeds(
      tensors: try tensors(), sizes: sizes(dimensions), maximumSizes: sizes(maximumDimensions))
  }

  /// The tensors that the files hold, by input name.
  ///
  /// - Throws: `feed` for a name given twice, and what reading throws.
  private func tensors() throws -> [String: Tensor] {
    var feeds: [String: Tensor] = [:]
    func add(_ name: String, _ tensor: Tensor) throws {
      guard feeds.updateValue(tensor, forKey: name) == nil else {
        throw TenonError.givenTwice(name)
      }
    }
    if let archive {
      for (name, tensor) in try FeedOptions.tensors(inArchive: archive) { try add(name, tensor) }
    }
    for file in inputFiles { try add(file.name, Npy.read(path: file.path)) }
    return feeds
  }

  /// The tensors of an archive, .npz or .safetensors, with their names.
  ///
  /// - Throws: `feed` for another ending, and what reading throws.
  static func tensors(inArchive path: String) throws -> [(String, Tensor)] {
    if path.hasSuffix(".npz") { return try NpzFile(path: path).tensors() }
    guard path.hasSuffix(".safetensors") else { throw TenonError.inputsFormat(path) }
    let file = try SafetensorsFile(path: path)
    return try file.names.map { ($0, try file.tensor(named: $0)) }
  }
}

/// The argument `NAME=FILE`.
struct NamedFile {
  let name: String
  let path: String

  init(argument: String) throws {
    guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
      throw ValidationError("it must read NAME=FILE.npy")
    }
    name = String(argument[..<equals])
    path = String(argument[argument.index(after: equals)...])
  }
}

/// The argument `NAME=SIZE`.
struct NamedSize {
  let name: String
  let size: Int

  init(argument: String) throws {
    let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, let size = Int(parts[1]), size >= 0 else {
      throw ValidationError("it must read NAME=SIZE, as batch=8")
    }
    (name, self.size) = (String(parts[0]), size)
  }
}
