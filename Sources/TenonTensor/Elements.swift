/// The elements of a tensor in one of two wide forms, in which the reference interpreter and tests
/// compute: floats as `Double` (exact for every float type), integers and `bool` as `Int64` (u64 by
/// its bit pattern).
public enum Elements: Sendable, Equatable {
  case floats([Double])
  case integers([Int64])

  public var count: Int {
    switch self {
    case .floats(let values): values.count
    case .integers(let values): values.count
    }
  }
}

extension Tensor {
  /// The elements widened.
  ///
  /// - Throws: `element-type` for string and complex tensors.
  public func elements() throws -> Elements {
    if elementType.isFloat { return .floats(try doubles()) }
    return .integers(try integers())
  }

  /// The elements as `Double`: exact for floats, nearest for 64-bit integers.
  ///
  /// - Throws: `element-type` for string and complex tensors.
  public func doubles() throws -> [Double] {
    switch elementType {
    case .f64: return try scalars(as: Double.self)
    case .f32: return try scalars(as: Float.self).map { Double($0) }
    case .f16: return try scalars(as: Float16.self).map { Double($0) }
    case .bf16: return try scalars(as: BFloat16.self).map { Double($0.float) }
    case .f4e2m1fn, .f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz, .f8e8m0fnu:
      let format = NarrowFloat(elementType)
      return withUnsafeBytes { $0.map { format.decode($0) } }
    case .u64: return try scalars(as: UInt64.self).map { Double($0) }
    case .complex64, .complex128, .string: throw TenonError.noArithmetic(elementType)
    default: return try integers().map { Double($0) }
    }
  }

  /// The elements of an integer or `bool` tensor, u64 by its bit pattern.
  ///
  /// - Throws: `element-type` for other types.
  public func integers() throws -> [Int64] {
    switch elementType {
    case .bool: return withUnsafeBytes { $0.map { $0 == 0 ? 0 : 1 } }
    case .i8: return try scalars(as: Int8.self).map { Int64($0) }
    case .u8: return try scalars(as: UInt8.self).map { Int64($0) }
    case .i16: return try scalars(as: Int16.self).map { Int64($0) }
    case .u16: return try scalars(as: UInt16.self).map { Int64($0) }
    case .i32: return try scalars(as: Int32.self).map { Int64($0) }
    case .u32: return try scalars(as: UInt32.self).map { Int64($0) }
    case .i64: return try scalars(as: Int64.self)
    case .u64: return try scalars(as: UInt64.self).map { Int64(bitPattern: $0) }
    case .i2, .i4:
      let shift = UInt8(8 - elementType.bitWidth)
      return withUnsafeBytes { $0.map { Int64(Int8(bitPattern: $0 << shift) >> Int8(shift)) } }
    case .u2, .u4:
      let mask = UInt8((1 << elementType.bitWidth) - 1)
      return withUnsafeBytes { $0.map { Int64($0 & mask) } }
    default: throw TenonError.elementType(asked: .i64, held: elementType)
    }
  }

  /// A float tensor of the doubles given, each rounded once, ties to even.
  ///
  /// - Throws: `tensor-size` as `init(_:shape:)`, `element-type` where the type is no float.
  public init(_ type: ElementType, shape: [Int], doubles: [Double]) throws {
    switch type {
    case .f64: try self.init(doubles, shape: shape)
    case .f32: try self.init(doubles.map { Float($0) }, shape: shape)
    case .f16: try self.init(doubles.map { Float16($0) }, shape: shape)
    case .bf16: try self.init(doubles.map { BFloat16($0) }, shape: shape)
    case .f4e2m1fn, .f8e4m3fn, .f8e4m3fnuz, .f8e5m2, .f8e5m2fnuz, .f8e8m0fnu:
      let format = NarrowFloat(type)
      let codes = try Tensor(doubles.map { format.encode($0) }, shape: shape)
      try self.init(type, shape: shape, storage: codes.storage)
    default: throw TenonError.elementType(asked: type, held: .f64)
    }
  }

  /// An integer or `bool` tensor of the low bits of the integers given; `bool` is "not zero".
  ///
  /// - Throws: `tensor-size` as `init(_:shape:)`, `element-type` where the type is no integer.
  public init(_ type: ElementType, shape: [Int], integers values: [Int64]) throws {
    switch type {
    case .bool: try self.init(values.map { $0 != 0 }, shape: shape)
    case .i8: try self.init(values.map { Int8(truncatingIfNeeded: $0) }, shape: shape)
    case .u8: try self.init(values.map { UInt8(truncatingIfNeeded: $0) }, shape: shape)
    case .i16: try self.init(values.map { Int16(truncatingIfNeeded: $0) }, shape: shape)
    case .u16: try self.init(values.map { UInt16(truncatingIfNeeded: $0) }, shape: shape)
    case .i32: try self.init(values.map { Int32(truncatingIfNeeded: $0) }, shape: shape)
    case .u32: try self.init(values.map { UInt32(truncatingIfNeeded: $0) }, shape: shape)
    case .i64: try self.init(values, shape: shape)
    case .u64: try self.init(values.map { UInt64(bitPattern: $0) }, shape: shape)
    case .i2, .u2, .i4, .u4:
      let mask = UInt8((1 << type.bitWidth) - 1)
      let codes = try Tensor(values.map { UInt8(truncatingIfNeeded: $0) & mask }, shape: shape)
      try self.init(type, shape: shape, storage: codes.storage)
    default: throw TenonError.elementType(asked: type, held: .i64)
    }
  }

  /// A tensor of the wide elements given.
  ///
  /// - Throws: as the initializers from doubles and integers.
  public init(_ type: ElementType, shape: [Int], elements: Elements) throws {
    switch elements {
    case .floats(let values): try self.init(type, shape: shape, doubles: values)
    case .integers(let values): try self.init(type, shape: shape, integers: values)
    }
  }

  /// The elements converted: floats round to nearest even; float to integer truncates, saturates
  /// and takes NaN to 0; integers keep their low bits; `bool` is "not zero".
  ///
  /// - Throws: `element-type` for string and complex tensors.
  public func converted(to type: ElementType) throws -> Tensor {
    if type == elementType { return self }
    switch try elements() {
    case .floats(let values):
      if type.isFloat { return try Tensor(type, shape: shape, doubles: values) }
      if type == .bool {
        return try Tensor(.bool, shape: shape, integers: values.map { $0 != 0 ? 1 : 0 })
      }
      return try Tensor(type, shape: shape, integers: values.map { type.saturated($0) })
    case .integers(let values):
      if type.isFloat { return try Tensor(type, shape: shape, doubles: nearest(values, type)) }
      return try Tensor(type, shape: shape, integers: values)
    }
  }

  /// Doubles that round to the same float of `type` as the integers do.
  private func nearest(_ values: [Int64], _ type: ElementType) -> [Double] {
    if type == .f64 {
      return elementType == .u64
        ? values.map { Double(UInt64(bitPattern: $0)) } : values.map { Double($0) }
    }
    return values.map { value in
      let negative = elementType != .u64 && value < 0
      let magnitude = elementType == .u64 ? UInt64(bitPattern: value) : value.magnitude
      // Bits past 53 are folded into one sticky bit, so that rounding twice is rounding once.
      let shift = max(0, 64 - magnitude.leadingZeroBitCount - 53)
      let sticky: UInt64 = shift > 0 && magnitude & ((1 << shift) - 1) != 0 ? 1 : 0
      let folded = ((magnitude >> shift) | sticky) << shift
      return negative ? -Double(folded) : Double(folded)
    }
  }
}

extension ElementType {
  /// `value` truncated toward zero and clamped to this integer type; NaN gives 0.
  public func saturated(_ value: Double) -> Int64 {
    if value.isNaN { return 0 }
    if self == .u64 {
      if value <= 0 { return 0 }
      return value >= 18_446_744_073_709_551_616.0
        ? Int64(bitPattern: UInt64.max) : Int64(bitPattern: UInt64(value))
    }
    let low = Double(minimumInteger)
    let high = Double(maximumInteger ?? .max)
    if value <= low { return minimumInteger }
    if value >= high { return maximumInteger ?? .max }
    return Int64(value)
  }
}
