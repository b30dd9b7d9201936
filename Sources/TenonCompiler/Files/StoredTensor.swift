import TenonFormats
import TenonGraph
import TenonTensor

/// Tensors as `.tenon` files hold them: element types that safetensors lacks as bytes.
enum StoredTensor {
  /// How a type is stored.
  private enum Form {
    case plain, packed, strings, bytes

    init(_ type: ElementType) {
      switch type {
      case .string: self = .strings
      case .complex128: self = .bytes
      default: self = type.bitWidth < 8 ? .packed : .plain
      }
    }
  }

  static func stored(_ tensor: Tensor) throws -> Tensor {
    switch Form(tensor.elementType) {
    case .plain: return tensor
    case .packed: return try tensor.packedBits()
    case .strings: return try tensor.stringBytes()
    case .bytes:
      return try Tensor(
        .u8, shape: [tensor.byteCount], storage: tensor.storage, byteOffset: tensor.byteOffset)
    }
  }

  /// A variable's value; where it is stored as bytes, its sizes must be known from the graph.
  static func stored(_ value: Tensor, as variable: VariableRecord) throws -> Tensor {
    guard Form(variable.type.element) == .plain || variable.type.shape.isConstant else {
      throw TenonError.unsizedVariable(variable)
    }
    return try stored(value)
  }

  /// The tensor of a type and sizes from what is stored.
  static func restored(
    _ stored: Tensor, _ type: ElementType, _ shape: [Int], _ name: String
  ) throws -> Tensor {
    switch Form(type) {
    case .plain: return stored
    case .packed:
      return try TenonError.inContext("in tensor \(name)") {
        try Tensor(packedBits: stored, type, shape: shape)
      }
    case .strings:
      return try TenonError.inContext("in tensor \(name)") {
        try Tensor(stringBytes: stored, shape: shape)
      }
    case .bytes:
      guard stored.elementType == .u8,
        stored.byteCount == Dimension.saturatingProduct(RowMajor.count(shape), type.byteWidth)
      else { throw TenonError.unfitBytes(name, type, shape, stored) }
      // The bytes need not lie where the type wants them.
      return try Tensor(type, shape: shape) { bytes in
        stored.withUnsafeBytes { bytes.copyMemory(from: $0) }
      }
    }
  }

  static func restored(_ stored: Tensor, as variable: VariableRecord) throws -> Tensor {
    let type = variable.type
    guard Form(type.element) != .plain else {
      guard fits(stored.elementType, stored.shape, variable) else {
        throw TenonError.unfitValue(variable, stored.typeDescription)
      }
      return stored
    }
    guard let shape = type.shape.constants else { throw TenonError.unsizedVariable(variable) }
    return try restored(stored, type.element, shape, variable.name)
  }

  /// Whether a variable may hold a tensor of that type; symbols may be any size up to their
  /// maximum.
  static func fits(_ element: ElementType, _ shape: [Int], _ variable: VariableRecord) -> Bool {
    guard variable.type.element == element, variable.type.rank == shape.count else { return false }
    var sizes: [Symbol: Int] = [:]
    for (dimension, size) in zip(variable.type.shape, shape) {
      guard let symbol = dimension.symbol else { continue }
      if sizes[symbol] ?? size != size || size > symbol.maximum ?? .max { return false }
      sizes[symbol] = size
    }
    return zip(variable.type.shape, shape).allSatisfy { dimension, size in
      dimension.evaluated { sizes[$0] }.map { $0 == size } ?? true
    }
  }
}

extension Dimension {
  /// The symbol that the size is, where it is no more than that.
  fileprivate var symbol: Symbol? {
    let symbols = self.symbols
    return symbols.count == 1 && self == Dimension(symbols[0]) ? symbols[0] : nil
  }
}
