import FoundationEssentials
import TenonONNX
import TenonTensor

/// A folder of a test case: `model.onnx` and `test_data_set_0`, `test_data_set_1` … with
/// `input_0.pb` … and `output_0.pb` …, as the ONNX backend tests have them.
public struct ConformanceCase: Hashable, Sendable {
  /// The path below the folder that was searched.
  public var name: String
  public var folder: String

  public init(name: String, folder: String) {
    self.name = name
    self.folder = folder
  }

  /// All cases in the folders given and below, sorted by name within each.
  ///
  /// - Throws: `file-read` for a folder that is missing, `no-cases` for one without a case.
  public static func find(in paths: [String]) throws -> [ConformanceCase] {
    var found: [ConformanceCase] = []
    var seen: Set<String> = []
    for path in paths {
      var root = path
      while root.count > 1, root.hasSuffix("/") { root.removeLast() }
      let cases = try find(root, below: "", depth: 0)
      guard !cases.isEmpty else { throw TenonError.noCases(path) }
      found += cases.filter { seen.insert($0.folder).inserted }
    }
    return found
  }

  private static func find(_ root: String, below: String, depth: Int) throws -> [ConformanceCase] {
    let folder = below.isEmpty ? root : "\(root)/\(below)"
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw TenonError.unreadableFolder(folder)
    }
    if names.contains("model.onnx") {
      let name = below.isEmpty ? String(root.split(separator: "/").last ?? "case") : below
      return [ConformanceCase(name: name, folder: folder)]
    }
    guard depth < 16 else { return [] }
    return try names.sorted().flatMap { name -> [ConformanceCase] in
      let inner = below.isEmpty ? name : "\(below)/\(name)"
      var isFolder = false
      guard FileManager.default.fileExists(atPath: "\(root)/\(inner)", isDirectory: &isFolder),
        isFolder
      else { return [] }
      return try find(root, below: inner, depth: depth + 1)
    }
  }

  /// The folders of inputs and outputs, in order of their numbers.
  func dataSets() -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let numbers = names.compactMap { name in
      name.hasPrefix("test_data_set_") ? Int(name.dropFirst("test_data_set_".count)) : nil
    }
    return numbers.sorted().map { "\(folder)/test_data_set_\($0)" }
  }
}

/// The tensors of one data set.
struct ConformanceData {
  /// By input; elements of a sequence are `name.0`, `name.1` ….
  var feeds: [String: Tensor] = [:]
  /// By output, in the model's order, with how many elements a sequence has.
  var outputs: [(name: String, content: ONNXValueFile.Content)] = []

  /// - Throws: `file-read`, `model-file`, `model-tensor` for files that hold no such value.
  init(_ folder: String, of model: ONNXModel) throws {
    func exists(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: "\(folder)/\(name)")
    }
    var count = 0
    while exists("input_\(count).pb") { count += 1 }
    // Old models list their weights among the inputs; the data is for the others.
    let open = model.inputs.filter { !$0.isInitialized }
    let ports = open.count >= count ? open : model.inputs
    for (position, port) in ports.enumerated() where exists("input_\(position).pb") {
      let content = try ONNXValueFile.read("\(folder)/input_\(position).pb", port.kind)
      for (name, tensor) in ConformanceData.flattened(port.name, content) { feeds[name] = tensor }
    }
    for (position, port) in model.outputs.enumerated() where exists("output_\(position).pb") {
      outputs.append(
        (port.name, try ONNXValueFile.read("\(folder)/output_\(position).pb", port.kind)))
    }
  }

  /// The tensors in a value, named as the graph's inputs and outputs are.
  static func flattened(_ name: String, _ content: ONNXValueFile.Content) -> [(String, Tensor)] {
    switch content {
    case .tensor(let tensor): [(name, tensor)]
    case .optional(let content): content.map { flattened(name, $0) } ?? []
    case .sequence(let elements):
      elements.enumerated().flatMap { flattened("\(name).\($0)", $1) }
    }
  }
}
