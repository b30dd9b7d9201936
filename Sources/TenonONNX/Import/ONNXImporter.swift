import TenonGraph
import TenonOps
import TenonTensor

/// Records a model as a graph: what the file says, from top to bottom.
final class ONNXImporter {
  /// The newest version of the operator set `ai.onnx` whose operators are read.
  static let newestVersion = 28

  let graph = Graph()
  let constants: ConstantEvaluator
  let options: ONNXImportOptions
  private let file: ONNXFile
  private let functions: [FunctionKey: ONNXFunctionProto]
  /// The graph's inputs by their values.
  private(set) var inputNames: [ValueID: String] = [:]
  /// The names of sizes that have no number yet.
  private(set) var openSizes: [String] = []
  /// The names of sizes that values decide in a run.
  var sizesOfRuns: Set<String> = []

  init(_ file: ONNXFile, _ options: ONNXImportOptions) {
    self.file = file
    self.options = options
    constants = ConstantEvaluator(graph)
    functions = ONNXSurvey.functions(file.proto)
  }

  func run() throws -> ImportedONNX {
    let model = file.proto
    guard model.hasGraph else { throw TenonError.noModelGraph }
    try ONNXSurvey(model, options.operators).check()
    let names = NameScope()
    let frame = ImportFrame(model.opsetImport)
    try record(model.graph.initializer, model.graph.sparseInitializer, in: names)
    try recordInputs(model.graph.input, in: names)
    try record(model.graph.node, in: names, frame)
    try recordOutputs(model.graph.output, in: names)
    graph.finishRecording()
    return ImportedONNX(
      graph: graph,
      boundInputs: options.values.keys.sorted())
  }

  /// The tensor of the file.
  func tensor(_ proto: ONNXTensorProto) throws -> Tensor { try file.tensor(proto) }

  /// The sparse tensor of the file, its other elements 0.
  func tensor(_ proto: ONNXSparseTensorProto) throws -> Tensor { try file.tensor(proto) }

  // MARK: Inputs and outputs

  private func record(
    _ dense: [ONNXTensorProto], _ sparse: [ONNXSparseTensorProto], in names: NameScope
  ) throws {
    for proto in dense {
      try TenonError.inContext("in initializer \(proto.name)") {
        try define(proto.name, file.tensor(proto), in: names)
      }
    }
    for proto in sparse {
      try TenonError.inContext("in sparse initializer \(proto.values.name)") {
        try define(proto.values.name, file.tensor(proto), in: names)
      }
    }
  }

  private func define(_ name: String, _ tensor: Tensor, in names: NameScope) throws {
    guard !names.defines(name) else { throw TenonError.givenTwice(name) }
    let value = try graph.at(origin: name) { try graph.constant(tensor) }
    names.define(name, .tensor(value.named(name)))
  }

  private func recordInputs(_ inputs: [ONNXValueInfoProto], in names: NameScope) throws {
    let known = inputs.flatMap { $0.isContainer ? elementNames($0) : [$0.name] }
    for name in options.values.keys.sorted() where !known.contains(name) {
      throw TenonError.noModelInput(name, inputs.map(\.name))
    }
    let sizes = try InputSizes(inputs, options)
    // Inputs that have an initializer are constants: the file gives their value.
    for input in inputs where !names.defines(input.name) {
      if input.isContainer {
        names.define(input.name, try container(input) { try recordElement($0) })
        continue
      }
      if let tensor = options.values[input.name] {
        try define(input.name, tensor, in: names)
        continue
      }
      let type = try inputType(input, sizes)
      let value = try graph.at(origin: input.name) {
        try graph.input(input.name, type.element, type.shape)
      }
      inputNames[value.id] = input.name
      names.define(input.name, .tensor(value))
      for symbol in type.shape.symbols where !openSizes.contains(symbol.name) {
        openSizes.append(symbol.name)
      }
    }
  }

  /// A tensor of a sequence or an optional: an input, or a constant where it is bound by value.
  private func recordElement(_ name: String) throws -> Value {
    try graph.at(origin: name) {
      if let tensor = options.values[name] { return try graph.constant(tensor).named(name) }
      guard let fed = options.feeds?[name] else {
        preconditionFailure("internal: an element of an input is not fed")
      }
      let value = try graph.input(name, fed.elementType, Shape(fed.shape.map { Dimension($0) }))
      inputNames[value.id] = name
      return value
    }
  }

  private func recordOutputs(_ outputs: [ONNXValueInfoProto], in names: NameScope) throws {
    guard !outputs.isEmpty else { throw TenonError.noModelOutputs }
    for output in outputs {
      guard let value = names.value(output.name) else {
        throw TenonError.missingModelOutput(output.name)
      }
      try record(output.name, value)
    }
  }

  /// An output; the elements of a sequence are outputs of their own, `name.0` and so on.
  private func record(_ output: String, _ value: ONNXValue) throws {
    switch value {
    case .tensor(let tensor), .optional(.tensor(let tensor)): try graph.output(output, tensor)
    case .sequence(let values), .optional(.sequence(let values)):
      for (position, element) in values.enumerated() {
        try record("\(output).\(position)", element)
      }
    case .optional: throw TenonError.emptyOptionalOutput(output)
    }
  }

  // MARK: Nodes

  /// Records nodes, each after those whose results it reads.
  func record(_ nodes: [ONNXNodeProto], in names: NameScope, _ frame: ImportFrame) throws {
    for proto in try NodeOrder.sorted(nodes) {
      try inContext(of: proto) {
        let results = try record(proto, in: names, frame)
        try define(proto, results, in: names)
      }
    }
  }

  private func record(_ proto: ONNXNodeProto, in names: NameScope, _ frame: ImportFrame) throws
    -> [ONNXValue]
  {
    let operands = try proto.input.map { name -> ONNXValue? in
      if name.isEmpty { return nil }
      guard let value = names.value(name) else {
        throw TenonError.undefinedName(name, proto.opType)
      }
      if case .optional(nil) = value { return value }
      return value
    }
    if let function = functions[FunctionKey(proto)] {
      return try call(function, proto, operands, frame)
    }
    guard let rule = options.operators.find(proto.opType, domain: proto.domain),
      let version = frame.version(proto.domain)
    else { preconditionFailure("internal: an operator that the survey accepted is unknown") }
    let node = ONNXNode(
      importer: self, proto: proto, operands: operands, scope: names, frame: frame,
      version: version)
    return try graph.at(origin: NodeOrder.name(proto)) { try rule.record(node) }
  }

  private func define(_ proto: ONNXNodeProto, _ results: [ONNXValue], in names: NameScope) throws {
    for (position, name) in proto.output.enumerated() where !name.isEmpty {
      guard position < results.count else {
        throw TenonError.missingResult(proto.opType, position, name)
      }
      guard !names.defines(name) else { throw TenonError.givenTwice(name) }
      if case .tensor(let value) = results[position], graph.name(value.id) == nil {
        graph.setName(value.id, name)
      }
      names.define(name, results[position])
    }
  }

  /// A function's nodes in the place of the node that calls it.
  private func call(
    _ function: ONNXFunctionProto, _ proto: ONNXNodeProto, _ operands: [ONNXValue?],
    _ frame: ImportFrame
  ) throws -> [ONNXValue] {
    let key = FunctionKey(proto)
    guard !frame.calls.contains(key), frame.calls.count < 64 else {
      throw TenonError.recursiveFunction(function.name)
    }
    guard operands.count <= function.input.count else {
      throw TenonError.functionInputs(function.name, function.input.count, operands.count)
    }
    var inner = ImportFrame(function.opsetImport)
    inner.calls = frame.calls + [key]
    for attribute in function.attributeProto { inner.attributes[attribute.name] = attribute }
    for attribute in proto.attribute {
      inner.attributes[attribute.name] =
        attribute.refAttrName.isEmpty ? attribute : frame.attributes[attribute.refAttrName]
    }
    let names = NameScope()
    for (name, operand) in zip(function.input, operands) {
      names.define(name, operand ?? .optional(nil))
    }
    for name in function.input.dropFirst(operands.count) { names.define(name, .optional(nil)) }
    try record(function.node, in: names, inner)
    return try function.output.map { name in
      guard let value = names.value(name) else {
        throw TenonError.missingFunctionOutput(name, function.name)
      }
      return value
    }
  }

  /// Records a graph in a node's attribute, in the region being recorded.
  func record(
    _ body: ONNXGraphProto, _ arguments: [ONNXValue], in outer: NameScope, _ frame: ImportFrame
  ) throws -> [ONNXValue] {
    guard arguments.count == body.input.count else {
      throw TenonError.bodyInputs(body.name, body.input.count, arguments.count)
    }
    let names = NameScope(in: outer)
    for (input, argument) in zip(body.input, arguments) { names.define(input.name, argument) }
    try record(body.initializer, body.sparseInitializer, in: names)
    try record(body.node, in: names, frame)
    return try body.output.map { output in
      guard let value = names.value(output.name) else {
        throw TenonError.missingModelOutput(output.name)
      }
      return value
    }
  }

  private func inContext(of proto: ONNXNodeProto, _ body: () throws -> Void) throws {
    let line = "while importing node \(NodeOrder.name(proto)) (\(proto.opType))"
    do { try body() } catch let error as TenonError { throw error.inContext(line) } catch var needed
      as NeededValues
    {
      needed.error = needed.error.inContext(line)
      throw needed
    }
  }
}
