/// The sizes of a tensor, outermost first; rank 0 is a scalar.
public struct Shape: Hashable, Sendable {
  public var dimensions: [Dimension]

  public init(_ dimensions: [Dimension]) { self.dimensions = dimensions }
  public init(_ sizes: [Int]) { dimensions = sizes.map { Dimension($0) } }

  /// The shape of a single element.
  public static let scalar = Shape([Dimension]())

  public var rank: Int { dimensions.count }

  /// The product of the sizes.
  public var elementCount: Dimension {
    if let sizes = constants {
      return Dimension(sizes.reduce(1, Dimension.saturatingProduct))
    }
    return dimensions.reduce(1, *)
  }

  /// The sizes where all are known when recorded, else nil.
  public var constants: [Int]? {
    var sizes: [Int] = []
    sizes.reserveCapacity(dimensions.count)
    for dimension in dimensions {
      guard let size = dimension.constant else { return nil }
      sizes.append(size)
    }
    return sizes
  }

  public var isConstant: Bool { dimensions.allSatisfy(\.isConstant) }

  public subscript(axis: Int) -> Dimension {
    get { dimensions[axis] }
    set { dimensions[axis] = newValue }
  }

  public func substituting(_ replacement: (Symbol) -> Dimension?) -> Shape {
    isConstant ? self : Shape(dimensions.map { $0.substituting(replacement) })
  }

  public func evaluated(_ sizes: (Symbol) -> Int?) -> [Int]? {
    var result: [Int] = []
    for dimension in dimensions {
      guard let size = dimension.evaluated(sizes) else { return nil }
      result.append(size)
    }
    return result
  }

  /// The symbols of all sizes, each once, in order of appearance.
  public var symbols: [Symbol] {
    var found: [Symbol] = []
    for dimension in dimensions {
      for symbol in dimension.symbols where !found.contains(symbol) { found.append(symbol) }
    }
    return found
  }
}

extension Shape: ExpressibleByArrayLiteral {
  public init(arrayLiteral elements: Dimension...) { dimensions = elements }
}

extension Shape: CustomStringConvertible {
  /// `[2, 3]`, `[batch, 2*heads]`, `[]`.
  public var description: String {
    "[" + dimensions.map(\.description).joined(separator: ", ") + "]"
  }
}

extension Shape: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { dimensions.count }
}

/// Row-major arithmetic on known sizes.
public enum RowMajor {
  /// Elements from one index to the next along each axis.
  public static func strides(_ sizes: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: sizes.count)
    for axis in sizes.indices.dropLast().reversed() {
      strides[axis] = Dimension.saturatingProduct(strides[axis + 1], sizes[axis + 1])
    }
    return strides
  }

  /// The number of elements, saturating at 2^62.
  public static func count(_ sizes: [Int]) -> Int {
    sizes.reduce(1, Dimension.saturatingProduct)
  }

  /// Calls `body` with every index in row-major order.
  public static func forEachIndex(_ sizes: [Int], _ body: ([Int]) throws -> Void) rethrows {
    guard !sizes.contains(where: { $0 <= 0 }) else { return }
    var index = [Int](repeating: 0, count: sizes.count)
    while true {
      try body(index)
      var axis = sizes.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < sizes[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
