/// Which code is Tenon's own, so that an origin is the user's line and not one inside Tenon.
enum TenonModules {
  /// The modules that users call; the command, samples and tests are users.
  static let names: [String] = [
    "CTenonKernels", "Tenon", "TenonCodegen", "TenonCompiler", "TenonFormats", "TenonGraph",
    "TenonLayers", "TenonONNX", "TenonOps", "TenonPasses", "TenonPipelines", "TenonPyTorch",
    "TenonRuntime", "TenonServing", "TenonStableHLO", "TenonTensor", "TenonTensorFlow",
    "TenonTraining",
  ]

  /// Whether a line is Tenon's: by the module of its unit, or by its folder where the function was
  /// copied into a user's module.
  static func own(path: [Substring], module: String?) -> Bool {
    if let module, names.contains(module) { return true }
    let folders = path.dropLast()
    return zip(folders, folders.dropFirst()).contains { parent, folder in
      parent == "Sources" && names.contains(String(folder))
    }
  }

  /// Whether a function is Tenon's, by its symbol.
  static func own(_ mangled: String, _ demangled: String?) -> Bool {
    // A symbol starts with the module of the outermost type: its length, then its name.
    let digits = mangled.dropFirst(2).prefix { $0.isNumber }
    guard mangled.hasPrefix("$s"), let length = Int(digits), let demangled else { return false }
    let module = mangled.dropFirst(2 + digits.count).prefix(length)
    // A user's extension of Tenon's type is the user's.
    let isExtension = demangled.contains("(extension in ")
    return module.count == length && names.contains(String(module)) && !isExtension
  }
}
