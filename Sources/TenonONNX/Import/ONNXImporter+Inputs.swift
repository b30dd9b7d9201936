import TenonGraph
import TenonTensor

extension ONNXImporter {
  /// The type of an input of the model, its sizes settled as the options say.
  ///
  /// - Throws: `model-input` for inputs that are no tensors, whose rank is not told, or that do not
  ///   fit the feeds.
  func inputType(_ input: ONNXValueInfoProto) throws -> TensorType {
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
    let sizes = try declared.shape.dim.enumerated().map { axis, dimension in
      try size(dimension, axis: axis, of: input.name)
    }
    guard let fed else { return TensorType(element, Shape(sizes)) }
    guard fed.shape.count == sizes.count,
      zip(fed.shape, sizes).allSatisfy({ $1.constant == nil || $1.constant == $0 })
    else { throw TenonError.feedShape(input.name, Shape(sizes), fed.shape) }
    return TensorType(element, Shape(fed.shape.map { Dimension($0) }))
  }

  private func size(_ dimension: ONNXTensorShapeProto.Dimension, axis: Int, of input: String)
    throws -> Dimension
  {
    switch dimension.value {
    case .dimValue(let size):
      guard size >= 0 else { throw TenonError.negativeSize(input, axis, size) }
      return Dimension(Int(size))
    case .dimParam(let name) where !name.isEmpty: return self.size(named: name)
    default: return self.size(named: "\(input).\(axis)")
    }
  }

  /// A named size: a number where the options give one, else a symbol.
  private func size(named name: String) -> Dimension {
    let symbol = ONNXImporter.symbolName(name)
    if let number = options.sizes[name] ?? options.sizes[symbol] { return Dimension(number) }
    if let maximum = options.maximumSizes[name] ?? options.maximumSizes[symbol] {
      return Dimension(.running(symbol, maximum: maximum))
    }
    return Dimension(.bound(symbol))
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
