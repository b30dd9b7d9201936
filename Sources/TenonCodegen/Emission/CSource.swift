import TenonGraph
import TenonTensor

/// The text of one C file while it grows: type definitions and prelude functions, each once and
/// before its first use, then kernels.
struct CSource {
  /// Raised whenever the C of an unchanged kernel changes; part of the cache's keys.
  static let version = 7

  let target: Target
  private var written: Set<String> = []
  private(set) var prelude = CTypes.header
  private(set) var kernels = ""

  init(target: Target) {
    self.target = target
    prelude +=
      target.hasFMA
      ? "#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)\n"
      : "#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))\n"
  }

  /// The whole file.
  var text: String { prelude + "\n" + kernels }

  /// Adds a kernel as the function `symbol`; `comment` is put above it.
  mutating func add(_ kernel: Kernel, symbol: String, comment: String = "") {
    var writer = FunctionWriter(kernel: kernel, source: self)
    let function = writer.function(symbol)
    self = writer.source
    if !comment.isEmpty {
      for line in comment.split(separator: "\n") { kernels += "// \(line)\n" }
    }
    kernels += function + "\n"
  }

  /// The name of a type, defined.
  mutating func type(_ type: LaneType) -> String {
    let name = CTypes.name(type)
    if type.lanes > 1, written.insert(name).inserted {
      let scalar = CTypes.scalar(type.element)
      prelude += """
        typedef \(scalar) \(name) __attribute__((ext_vector_type(\(type.lanes))));
        typedef \(name) \(name)_at __attribute__((aligned(\(type.element.byteWidth)), may_alias));

        """
    }
    return name
  }

  /// The name of a prelude function for a type, which `template` defines where it is new.
  ///
  /// In a template, `$T` is the type, `$I` and `$U` the signed and unsigned integers as wide,
  /// `$S` the type of one lane, `$n` the number of lanes, `$s` the ending of the function's name
  /// (the type's name), `$convert` a conversion; `needs` is called first.
  mutating func function(
    _ name: String, _ type: LaneType, needs: (inout CSource) -> Void = { _ in },
    template: () -> String
  ) -> String {
    let suffix = CTypes.name(type)
    let full = "\(name)_\(suffix)"
    guard written.insert(full).inserted else { return full }
    let width = type.element.byteWidth
    let typeName = self.type(type)
    let integer = self.type(type.with(element: CTypes.integer(bytes: width)))
    let unsigned = self.type(type.with(element: CTypes.unsigned(bytes: width)))
    needs(&self)
    prelude +=
      expanded(
        template(),
        [
          "T": typeName, "I": integer, "U": unsigned, "S": CTypes.scalar(type.element),
          "n": "\(type.lanes)", "s": suffix,
          "convert": type.lanes == 1 ? "convert_scalar" : "convert_vector",
        ]) + "\n"
    return full
  }
}

/// The template with `$name` replaced.
private func expanded(_ template: String, _ names: [String: String]) -> String {
  var result = ""
  var rest = template[...]
  while let dollar = rest.firstIndex(of: "$") {
    result += rest[..<dollar]
    rest = rest[rest.index(after: dollar)...]
    let end = rest.firstIndex { !$0.isLetter } ?? rest.endIndex
    let name = String(rest[..<end])
    guard let text = names[name] else {
      preconditionFailure("internal: no `$\(name)` in a template")
    }
    result += text
    rest = rest[end...]
  }
  return result + rest
}
