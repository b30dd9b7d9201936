import TenonGraph
import TenonTensor

/// The numbers that options and feeds give to the named sizes of a model's inputs.
struct InputSizes {
  private let options: ONNXImportOptions
  private var numbers: [String: Int] = [:]
  /// Every name of a size, in the inputs' order.
  private var names: [String] = []

  /// - Throws: `model-input` where feeds do not fit the declared types or each other, or where a
  ///   number is given for a size that no input has.
  init(_ inputs: [ONNXValueInfoProto], _ options: ONNXImportOptions) throws {
    self.options = options
    for input in inputs {
      guard case .tensorType(let declared)? = input.type.value, declared.hasShape else { continue }
      for (axis, dimension) in declared.shape.dim.enumerated() {
        guard let name = InputSizes.name(dimension, axis: axis, of: input.name) else { continue }
        if !names.contains(name) { names.append(name) }
        guard let fed = options.feeds?[input.name], axis < fed.rank else { continue }
        let given = numbers[name] ?? options.sizes[name]
        if let given, given != fed.shape[axis] {
          throw TenonError.sizeConflict(name, given, fed.shape[axis], input: input.name)
        }
        numbers[name] = fed.shape[axis]
      }
    }
    let known = names + names.map(InputSizes.symbolName)
    for name in options.sizes.keys.sorted() + options.maximumSizes.keys.sorted()
    where !known.contains(name) {
      throw TenonError.unknownSize(name, names)
    }
  }

  /// A size of an input: a number where it is declared, given or fed, else a symbol.
  ///
  /// - Throws: `model-input` for a negative one.
  func size(_ dimension: ONNXTensorShapeProto.Dimension, axis: Int, of input: String) throws
    -> Dimension
  {
    guard let name = InputSizes.name(dimension, axis: axis, of: input) else {
      guard dimension.dimValue >= 0 else {
        throw TenonError.negativeSize(input, axis, dimension.dimValue)
      }
      return Dimension(Int(dimension.dimValue))
    }
    let symbol = InputSizes.symbolName(name)
    if let number = numbers[name] ?? options.sizes[name] ?? options.sizes[symbol] {
      return Dimension(number)
    }
    if let maximum = options.maximumSizes[name] ?? options.maximumSizes[symbol] {
      return Dimension(.running(symbol, maximum: maximum))
    }
    return Dimension(.bound(symbol))
  }

  /// The name of a size, `x.0` where the model gives none; nil for a number.
  private static func name(
    _ dimension: ONNXTensorShapeProto.Dimension, axis: Int, of input: String
  ) -> String? {
    switch dimension.value {
    case .dimValue: nil
    case .dimParam(let name) where !name.isEmpty: name
    default: "\(input).\(axis)"
    }
  }

  /// A size's name with the characters that graph text allows: others become `_`.
  static func symbolName(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars {
      let isPlain =
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      text.unicodeScalars.append(isPlain || scalar == "." ? scalar : "_")
    }
    guard let first = text.unicodeScalars.first, first.properties.isAlphabetic || first == "_",
      ElementType(name: text) == nil, !["true", "false", "none", "nan", "inf"].contains(text)
    else { return "size_\(text)" }
    return text
  }
}

extension ONNXImporter {
  /// The type of an input of the model, its sizes settled as the options say.
  ///
  /// - Throws: `model-input` for inputs that are no tensors, whose rank is not told, or that do not
  ///   fit the feeds.
  func inputType(_ input: ONNXValueInfoProto, _ sizes: InputSizes) throws -> TensorType {
    guard case .tensorType(let declared)? = input.type.value else {
      throw TenonError.inputKind(input.name)
    }
    guard let element = ElementType(onnx: Int(declared.elemType)) else {
      throw TenonError.inputElement(input.name, Int(declared.elemType))
    }
    let fed = options.feeds?[input.name]
    if let fed, fed.elementType != element {
      throw TenonError.feedElement(input.name, element, fed.elementType)
    }
    guard declared.hasShape else {
      guard let fed else { throw TenonError.unknownRank(input.name) }
      return TensorType(element, Shape(fed.shape.map { Dimension($0) }))
    }
    let shape = Shape(
      try declared.shape.dim.enumerated().map { axis, dimension in
        try sizes.size(dimension, axis: axis, of: input.name)
      })
    if let fed {
      guard fed.rank == shape.rank, zip(fed.shape, shape).allSatisfy({ Dimension($0) == $1 }) else {
        throw TenonError.feedShape(input.name, shape, fed.shape)
      }
    }
    return TensorType(element, shape)
  }
}
