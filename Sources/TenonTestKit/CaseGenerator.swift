import TenonGraph
import TenonOps
import TenonTensor

/// Makes an op's cases from what the op says of itself: every element type it accepts, rank 0, a
/// size of 0, odd sizes, more than one tile, a size known only at run time, and operands with NaN,
/// infinities, -0 and extreme integers. The same cases from one run to the next.
public enum CaseGenerator {
  /// The fewest cases made for an op that has any.
  public static let least = 12

  /// The cases of an op; none for one that has operands of more than tensors or no samples.
  public static func cases(of type: any Op.Type) -> [OpCase] {
    let templates = type.samples.cases.map { declared(type, $0) } ?? elementwise(type)
    var cases: [OpCase] = []
    var round = 0
    while cases.count < least, !templates.isEmpty, round < least {
      for template in templates where round == 0 || !template.isSpecial {
        if let made = make(template, type.samples, round) { cases.append(made) }
      }
      if cases.isEmpty { break }
      round += 1
    }
    return cases
  }

  /// Cases in f64 for gradients: drawn from the op's smooth range, nothing special.
  public static func smoothCases(of type: any Op.Type) -> [OpCase] {
    var samples = type.samples
    guard samples.elements.contains(.f64) else { return [] }
    samples.elements = [.f64]
    samples.range = samples.smoothRange ?? samples.range
    let templates =
      samples.cases.map {
        $0(.f64).filter(isAccepted).map { Template(sample: $0, isSpecial: false) }
      }
      ?? elementwise(type).filter { $0.sample.operands.allSatisfy { $0.element == .f64 } }
    return templates.filter { !$0.isSpecial }.compactMap { make($0, samples, 0) }
  }

  /// The op's examples as cases, each with the results it must give.
  public static func examples(of type: any Op.Type) -> [(one: OpCase, results: [Tensor])] {
    type.examples.enumerated().map { (OpCase($1, $0), $1.results) }
  }

  /// Operand types with the way their values are drawn.
  struct Template {
    var sample: Samples.Case
    var isSpecial: Bool
    /// Whether special values include those whose sums overflow.
    var hasExtremes = false
  }

  /// The op's own cases for each element type; the first of each type that has elements also with
  /// special values.
  private static func declared(
    _ type: any Op.Type, _ make: (ElementType) -> [Samples.Case]
  ) -> [Template] {
    var templates: [Template] = []
    for element in type.samples.elements {
      let samples = make(element).filter { isAccepted($0) }
      templates += samples.map { Template(sample: $0, isSpecial: false) }
      if let full = samples.first(where: { $0.operands.contains { !$0.isEmpty } }) {
        templates.append(Template(sample: full, isSpecial: true))
      }
    }
    return templates
  }

  /// For an op without attributes whose operands and results have one shape.
  private static func elementwise(_ type: any Op.Type) -> [Template] {
    guard let op = try? OpCatalog([type]).make(type.name, Attributes()) else { return [] }
    let count = type.signature.operands.count
    let running = Dimension(.running("n", maximum: 9))
    let shapes: [Shape] = [[7], [], [3, 5], [0], [2, 0, 3], [1, 67], [130], [2, 3, 1, 5]]
    var templates: [Template] = []
    for (place, element) in type.samples.elements.enumerated() {
      func add(_ shape: Shape, isSpecial: Bool = false) {
        let operands = [TensorType](repeating: TensorType(element, shape), count: count)
        let sample = Samples.Case(op, operands)
        guard isAccepted(sample) else { return }
        templates.append(Template(sample: sample, isSpecial: isSpecial, hasExtremes: true))
      }
      if element == .f32 {
        for shape in shapes { add(shape) }
      } else {
        // Between them, the other types meet every shape.
        for step in 0..<3 { add(shapes[(place * 3 + step) % shapes.count]) }
      }
      add([running, 3])
      add([19], isSpecial: true)
    }
    return templates
  }

  /// Whether the op's inference takes the operands.
  private static func isAccepted(_ sample: Samples.Case) -> Bool {
    let graph = Graph()
    do {
      let values = try sample.operands.enumerated().map {
        try graph.input("x\($0)", $1.element, $1.shape)
      }
      if let record = sample.record {
        _ = try record(graph, values)
      } else {
        _ = try graph.applyAny(sample.op, values, site: CallSite())
      }
      return true
    } catch { return false }
  }

  private static func make(_ template: Template, _ samples: Samples, _ round: Int) -> OpCase? {
    let sample = template.sample
    let types = sample.operands.map(\.description).joined(separator: ", ")
    var name = "\(type(of: sample.op).name)\(sample.op.attributes.summary) \(types)"
    if template.isSpecial { name += " special" }
    if round > 0 { name += " #\(round)" }
    var sizes: [String: Int] = [:]
    for symbol in sample.operands.flatMap(\.shape.symbols) {
      sizes[symbol.name] = min(5, symbol.maximum ?? 5)
    }
    var random = SplitMix(
      seed: name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    do {
      let operands = try sample.operands.enumerated().map { position, type -> Tensor in
        if let value = sample.values[position] { return value }
        guard let shape = type.shape.evaluated({ sizes[$0.name] }) else {
          throw TenonError.lowering("a size of \(type) has no number")
        }
        return try Tensor.random(
          type.element, shape: shape, in: samples.range, isSpecial: template.isSpecial,
          extremes: template.hasExtremes, &random)
      }
      return OpCase(
        name: name, op: sample.op, operands: operands, types: sample.operands, sizes: sizes,
        record: sample.record)
    } catch { preconditionFailure("internal: case \(name): \(error)") }
  }
}

extension TensorType {
  /// True where a size is 0.
  fileprivate var isEmpty: Bool { shape.contains(0) }
}

extension Attributes {
  /// `<axis: 1, strides: [1, 2]>`, large literals left out; empty without attributes.
  fileprivate var summary: String {
    if isEmpty { return "" }
    return "<" + zip(names, values).map { "\($0): \($1.summary)" }.joined(separator: ", ") + ">"
  }
}

extension AttributeValue {
  fileprivate var summary: String {
    switch self {
    case .none: "none"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): value
    case .elementType(let type): "\(type)"
    case .dimension(let size): "\(size)"
    case .literal(let literal):
      literal.tensor.elementCount <= 8 ? literal.tensor.description : literal.tensor.typeDescription
    case .array(let values): "[" + values.map(\.summary).joined(separator: ", ") + "]"
    }
  }
}
