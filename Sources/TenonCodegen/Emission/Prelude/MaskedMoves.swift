import TenonGraph
import TenonTensor

/// The compiler's names for AVX-512's masked moves of whole registers, and of the parts of one that
/// narrow elements fill.
struct MaskedMoves {
  var load: String
  var store: String
  /// Gathers 8 elements by 64-bit indices; nil for narrow elements.
  var gather: String?
  /// Makes mask bits of the lanes' signs.
  var mask: String
  /// The type of a mask's bits.
  var bits: String
  /// The lane type that the moves are declared with, and the integer as wide.
  var lane: String
  var integer: String
  /// Bytes moved.
  var bytes: Int

  init?(_ target: Target, _ type: LaneType) {
    let width = type.element.byteWidth
    bytes = type.lanes * width
    guard target.instructionSet == .avx512, bytes == 64 || width < 4 && [16, 32].contains(bytes)
    else { return nil }
    let kind: String
    switch (CTypes.scalar(type.element), width) {
    case ("f32", _): (kind, lane) = ("ups", "float")
    case ("f64", _): (kind, lane) = ("upd", "double")
    case (_, 1): (kind, lane) = ("dquqi", "char")
    case (_, 2): (kind, lane) = ("dquhi", "short")
    case (_, 4): (kind, lane) = ("dqusi", "int")
    default: (kind, lane) = ("dqudi", "long long")
    }
    load = "__builtin_ia32_load\(kind)\(bytes * 8)_mask"
    store = "__builtin_ia32_store\(kind)\(bytes * 8)_mask"
    let isFloat = lane == "float" || lane == "double"
    if width >= 4 {
      gather = "__builtin_ia32_gatherdiv" + (width == 4 ? "16s" : "8d") + (isFloat ? "f" : "i")
    }
    let letter = [1: "b", 2: "w", 4: "d"][width] ?? "q"
    mask = "__builtin_ia32_cvt\(letter)2mask\(bytes * 8)"
    integer = [1: "char", 2: "short", 4: "int"][width] ?? "long long"
    bits =
      [8: "unsigned char", 16: "unsigned short", 32: "unsigned"][type.lanes] ?? "unsigned long"
  }
}
