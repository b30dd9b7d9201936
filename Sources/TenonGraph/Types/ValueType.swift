import TenonTensor

/// Element type and sizes of a tensor value, and where passes have chosen one, its layout.
public struct TensorType: Hashable, Sendable {
  public var element: ElementType
  public var shape: Shape
  /// The physical order of the elements; nil for plain row-major order.
  public var layout: Layout?

  public init(_ element: ElementType, _ shape: Shape, layout: Layout? = nil) {
    self.element = element
    self.shape = shape
    self.layout = layout
  }

  public var rank: Int { shape.rank }

  /// The same type with other sizes.
  public func with(shape: Shape) -> TensorType { TensorType(element, shape) }
  /// The same type with another element type.
  public func with(element: ElementType) -> TensorType { TensorType(element, shape) }
}

extension TensorType: CustomStringConvertible {
  /// `f32[2x3]` where all sizes are numbers, `f32[batch, 3]` where they are not, then the layout.
  public var description: String {
    let sizes =
      shape.isConstant
      ? shape.map(\.description).joined(separator: "x")
      : shape.map(\.description).joined(separator: ", ")
    return "\(element)[\(sizes)]" + (layout.map(\.description) ?? "")
  }
}

/// The physical order of a tensor's elements: logical axes, outermost first, each possibly split
/// into blocks: `{n,c/16,h,w,16c}` stores 16 channels side by side.
public struct Layout: Hashable, Sendable {
  /// One loop of the storage order: a whole axis, the blocks of an axis, or the inside of a block.
  public struct Part: Hashable, Sendable {
    public var axis: Int
    /// Elements of a block; nil for an axis that is not split at this part.
    public var block: Int?
    /// True for the inside of the block, false for the count of blocks.
    public var isInner: Bool

    public init(axis: Int, block: Int? = nil, isInner: Bool = false) {
      self.axis = axis
      self.block = block
      self.isInner = isInner
    }
  }

  public var parts: [Part]

  public init(_ parts: [Part]) { self.parts = parts }
}

extension Layout: CustomStringConvertible {
  /// Axes by number: `{0,1/16,2,3,16:1}`.
  public var description: String {
    let names = parts.map { part in
      guard let block = part.block else { return "\(part.axis)" }
      return part.isInner ? "\(block):\(part.axis)" : "\(part.axis)/\(block)"
    }
    return "{" + names.joined(separator: ",") + "}"
  }
}

/// What a value of a graph is. Sequences and optionals exist for host steps only.
public indirect enum ValueType: Hashable, Sendable {
  case tensor(TensorType)
  case sequence(ValueType)
  case optional(ValueType)

  /// The symbols of the sizes, each once, in order of appearance.
  public var symbols: [Symbol] {
    switch self {
    case .tensor(let type): type.shape.isConstant ? [] : type.shape.symbols
    case .sequence(let type), .optional(let type): type.symbols
    }
  }

  /// The tensor type; nil for sequences and optionals.
  public var tensor: TensorType? {
    if case .tensor(let type) = self { type } else { nil }
  }

  public static func tensor(_ element: ElementType, _ shape: Shape) -> ValueType {
    .tensor(TensorType(element, shape))
  }
}

extension ValueType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tensor(let type): type.description
    case .sequence(let type): "sequence<\(type)>"
    case .optional(let type): "optional<\(type)>"
    }
  }
}
