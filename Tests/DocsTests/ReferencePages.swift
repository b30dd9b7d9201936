import TenonGraph
import TenonONNX
import TenonOps
import TenonPasses
import TenonTestKit

/// The pages of Docs/Reference, made from the catalogue, the pipeline and the comments of their
/// types.
enum ReferencePages {
  private static let note = "<!-- Made by `make reference`. -->\n"

  static func ops() throws -> String {
    let comments = try TypeComment.all("Sources/TenonOps")
      .merging(TypeComment.all("Sources/TenonGraph")) { ops, _ in ops }
    var families: [(name: String, rows: [String])] = []
    let described = OpCatalog.standard.ops.compactMap { op in
      comments["\(op)"].map { (family: family($0.path), row: row(op, $0.summary)) }
    }
    for (family, row) in described.sorted(by: { $0.family < $1.family }) {
      if families.last?.name != family { families.append((family, [])) }
      families[families.count - 1].rows.append(row)
    }
    var text = """
      # Ops

      \(note)
      The \(described.count) ops of the catalogue, by family. A primitive has a meaning of its own;
      a composite is defined by a graph of other ops. An operand ending in `?` may be left out, one
      in `…` stands for any number.

      """
    for family in families {
      text += "\n## \(family.name)\n\n| op | | operands → results | attributes | |\n"
      text += "|---|---|---|---|---|\n" + family.rows.joined(separator: "\n") + "\n"
    }
    return text
  }

  static func onnxOperators() -> String {
    let rows = ONNXOperatorTable.standard.rows.dropFirst()
    return """
      # ONNX operators

      \(note)
      The \(rows.count) operators that are read, with the versions of the operator set that are told
      apart; a model of an older one than the first is refused. What of an operator is not read is
      said when a model asks for it.

      | operator | operator set | versions |
      |---|---|---|
      \(rows.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n"))

      """
  }

  private static func family(_ path: String) -> String {
    let folder = path.split(separator: "/")[2]
    return path.hasPrefix("Sources/TenonOps/") ? "\(folder)" : "Structural"
  }

  private static func row(_ op: any Op.Type, _ summary: String) -> String {
    let signature = op.signature
    let operands = signature.operands.map { "`\($0)`" }.joined(separator: ", ")
    let results = signature.results.map { "`\($0)`" }.joined(separator: ", ")
    let regions = signature.regions.map { "{`\($0)`}" }.joined(separator: " ")
    let arrow = [operands, regions, "→", results].filter { !$0.isEmpty }.joined(separator: " ")
    return "| `\(op.versionedName)` | \(op is any CompositeOp.Type ? "composite" : "primitive") | "
      + "\(arrow) | \(attributes(op)) | \(summary.replacing("|", with: "\\|")) |"
  }

  /// The stored properties, as those of a generated case have them.
  private static func attributes(_ op: any Op.Type) -> String {
    let cases = CaseGenerator.cases(of: op).map(\.op) + op.examples.map(\.op)
    guard let op = cases.first else { return "" }
    return Mirror(reflecting: op).children.map { label, value in
      "`\(label ?? "")` \(written(type(of: value)))"
    }.joined(separator: ", ")
  }

  /// A type as Swift writes it.
  private static func written(_ type: Any.Type) -> String {
    var name = "\(type)"
    while let inner = name.firstMatch(of: #/Optional<([^<>]*)>/#) {
      name.replaceSubrange(inner.range, with: inner.1 + "?")
    }
    while let inner = name.firstMatch(of: #/Array<([^<>]*)>/#) {
      name.replaceSubrange(inner.range, with: "[\(inner.1)]")
    }
    return name
  }

  static func passes() throws -> String {
    let comments = try TypeComment.all("Sources/TenonPasses")
    var text = """
      # Passes

      \(note)
      The graph passes in the order in which `compile` runs them:

      """
    for (place, name) in Pipeline.standard.names.enumerated() {
      text += "\n\(place + 1). [`\(name)`](#\(name))"
    }
    text += "\n"
    var told: Set<String> = []
    for pass in Pipeline.standard.passes where told.insert(pass.name).inserted {
      text += "\n## \(pass.name)\n\n"
      var isExample = false
      for line in comments["\(pass)"]?.lines ?? [] {
        let starts = line.hasPrefix("Before:") || line.hasPrefix("After:")
        let follows = isExample && (starts || line.hasPrefix("  "))
        if isExample && !follows { text += "```\n" }
        if starts && !isExample { text += "```\n" }
        isExample = starts || follows
        text += (isExample ? line.replacing("`", with: "") : line) + "\n"
      }
      if isExample { text += "```\n" }
    }
    return text
  }
}
