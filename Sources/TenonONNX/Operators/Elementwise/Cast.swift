import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `Cast`, with the attributes `saturate` and `round_mode` for narrow floats.
  static let cast = ONNXOperator("Cast", since: [1, 6, 9, 13, 19, 21, 23, 24, 25, 28]) { node in
    // Version 1 names the type.
    let named = node.version < 6 ? try node.string("to").flatMap(ElementType.init(onnx:)) : nil
    guard let type = try named ?? node.elementType("to") else {
      throw node.fail("attribute to is missing")
    }
    return try node.cast(node.input(0), to: type)
  }

  /// `CastLike`: to the type of the second input.
  static let castLike = ONNXOperator("CastLike", since: [15, 19, 21, 23, 24, 25]) { node in
    try node.cast(node.input(0), to: node.input(1).elementType)
  }

  /// `BitCast`: the same bits as a type of the same width.
  static let bitCast = ONNXOperator("BitCast", since: [26]) { node in
    let x = try node.input(0)
    guard let type = try node.elementType("to") else { throw node.fail("attribute to is missing") }
    let from = x.elementType
    try node.require(
      from.bitWidth == type.bitWidth, "\(from) and \(type) differ in width; use Cast")
    if from == type { return x }
    // A truth value is a byte of 0 or 1.
    if from == .bool { return try bitcast(convert(x, to: .u8), to: type) }
    if type == .bool { return try notEqual(bitcast(x, to: .u8), 0) }
    try node.require(
      type.bitWidth >= 8 && !type.isComplex, "is not supported for \(from) to \(type)")
    return try bitcast(x, to: type)
  }
}

extension ONNXNode {
  /// The value as another type, as `Cast` defines it with the node's attributes.
  func cast(_ x: Value, to type: ElementType) throws -> Value {
    let from = x.elementType
    if from == type { return x }
    try require(
      from != .string && type != .string && !from.isComplex && !type.isComplex,
      "from \(from) to \(type) is not supported; numbers and bool are")
    if from.isFloat, type.isInteger, type.isStorageOnly {
      // Out of range, the low bits of the truncated number are kept.
      return try convert(convert(x, to: .i32), to: type)
    }
    guard type.isFloat, type.isStorageOnly else { return try convert(x, to: type) }
    let wide = try convert(x, to: from == .f64 || from.bitWidth == 64 ? .f64 : .f32)
    let saturates = try type == .f4e2m1fn || flag("saturate", default: true)
    if type == .f8e8m0fnu { return try powerOfTwo(wide, saturates: saturates) }
    guard saturates else { return try convert(wide, to: type) }
    let greatest = type.greatestNarrowFloat
    return try convert(clamp(wide, -greatest, greatest), to: type)
  }

  /// Positive floats as powers of two, rounded as the attribute `round_mode` says.
  private func powerOfTwo(_ x: Value, saturates: Bool) throws -> Value {
    let bits = try bitcast(convert(x, to: .f32), to: .u32)
    let exponent = try remainder(bits / 0x80_0000, 256)
    let fraction = try remainder(bits, 0x80_0000)
    // Numbers under 2^-126 have the exponent 0, as 2^-127 has.
    let isOver: Value
    switch try string("round_mode", default: "up") {
    case "up":
      let isSmall = try equal(exponent, 0)
      isOver = try select(isSmall, greater(fraction, 0x40_0000), greater(fraction, 0))
    case "down": isOver = try less(fraction, 0)
    case "nearest":
      let isSmall = try equal(exponent, 0)
      isOver = try select(
        isSmall, greaterOrEqual(fraction, 0x60_0000), greaterOrEqual(fraction, 0x40_0000))
    case let other: throw fail("round_mode must be up, down or nearest, not \(other)")
    }
    let rounded = try exponent + convert(isOver, to: .u32)
    let isNaN = try and(equal(exponent, 255), greater(fraction, 0))
    var code = try minimum(rounded, 254)
    let nan = try code.filled(255, site: CallSite())
    if saturates {
      code = try select(isNaN, nan, code)
    } else {
      let isOutside = try or(greater(rounded, 254), less(abs(x), 0x1p-127))
      code = try select(isOutside, nan, code)
    }
    return try bitcast(convert(code, to: .u8), to: .f8e8m0fnu)
  }
}

extension ElementType {
  /// The type that operators of the first version name: `FLOAT`.
  init?(onnx name: String) {
    let names: [String: ElementType] = [
      "FLOAT": .f32, "UINT8": .u8, "INT8": .i8, "UINT16": .u16, "INT16": .i16, "INT32": .i32,
      "INT64": .i64, "BOOL": .bool, "FLOAT16": .f16, "DOUBLE": .f64, "UINT32": .u32,
      "UINT64": .u64,
    ]
    guard let type = names[name.uppercased()] else { return nil }
    self = type
  }
}
