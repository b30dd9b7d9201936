import Glibc
import TenonGraph
import TenonTensor

/// The discrete Fourier transform over the innermost axes. Complex numbers are pairs: an operand or
/// result for the real parts, then one for the imaginary parts.
public struct FourierTransform: PrimitiveOp {
  public static let name = "fft"
  public static let signature = Signature(["real", "imaginary?"], ["real", "imaginary?"])

  /// What is transformed into what, as StableHLO's `fft_type`.
  public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
    /// Complex to complex, Σ x exp(-2πi jk/n).
    case forward = "fft"
    /// Complex to complex, the inverse, divided by n.
    case inverse = "ifft"
    /// Real to complex; of the last axis the first n / 2 + 1.
    case realForward = "rfft"
    /// The inverse of `realForward`; the imaginary parts that would not give real numbers are left
    /// out.
    case realInverse = "irfft"
  }

  public let kind: Kind
  /// The sizes of the transformed axes; of real numbers for the kinds that take or give them.
  public let lengths: [Dimension]

  public init(_ kind: Kind, lengths: [Dimension]) {
    self.kind = kind
    self.lengths = lengths
  }

  public func infer(_ site: InferenceSite) throws -> [ValueType] {
    let x = try site.requireFloat()
    let isRealInput = kind == .realForward
    try site.require(
      site.operandCount == (isRealInput ? 1 : 2), "operand-count",
      isRealInput ? "takes real parts alone" : "takes real and imaginary parts")
    if !isRealInput {
      try site.require(
        site.type(0) == site.type(1), "shape-mismatch",
        "real and imaginary parts must have one type")
    }
    try site.require(
      !lengths.isEmpty && lengths.count <= x.rank, "attribute",
      "cannot transform \(lengths.count) axes of an operand of rank \(x.rank)")
    var shape = x.shape
    for (place, length) in lengths.enumerated() {
      let axis = x.rank - lengths.count + place
      let isLast = place == lengths.count - 1
      let half = length.floorDivided(by: 2) + 1
      let expected = isLast && kind == .realInverse ? half : length
      try site.requireEqual(
        x.shape[axis], expected, "shape-mismatch",
        "axis \(axis) must have size \(expected) for length \(length), not \(x.shape[axis])")
      shape[axis] = isLast && kind == .realForward ? half : length
    }
    let result = ValueType.tensor(x.element, shape)
    return kind == .realInverse ? [result] : [result, result]
  }

  public func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] {
    var real = try operands[0].doubles()
    var imaginary = try operands.count > 1 ? operands[1].doubles() : real.map { _ in 0 }
    var shape = operands[0].shape
    let last = shape.count - 1
    let length = try site.size(lengths[lengths.count - 1])
    if kind == .realInverse {
      // Other axes first; then each row is the first half of a mirrored spectrum.
      let stored = shape[last]
      (real, imaginary) = ReferenceFourier.transformed(
        real, imaginary, shape, Array(shape.count - lengths.count..<last), isInverse: true)
      (real, imaginary) = ReferenceFourier.mirrored(real, imaginary, stored, length)
      shape[last] = length
      (real, imaginary) = ReferenceFourier.transformed(
        real, imaginary, shape, [last], isInverse: true)
      return [try site.result(0, .floats(real))]
    }
    let axes = Array(shape.count - lengths.count..<shape.count)
    (real, imaginary) = ReferenceFourier.transformed(
      real, imaginary, shape, axes, isInverse: kind == .inverse)
    if kind == .realForward {
      let kept = length / 2 + 1
      func cut(_ values: [Double]) -> [Double] {
        length == 0
          ? [] : values.indices.filter { $0 % length < kept }.map { values[$0] }
      }
      (real, imaginary) = (cut(real), cut(imaginary))
    }
    return [try site.result(0, .floats(real)), try site.result(1, .floats(imaginary))]
  }

  public func lowering(_ site: LoweringSite) -> Lowering? {
    .fft(FFT(kind: kind.rawValue, lengths: lengths))
  }

  public static var samples: Samples {
    Samples(elements: [.f32, .f64]) { element in
      let cases: [(Shape, Kind, [Dimension])] = [
        ([4], .forward, [4]), ([3, 5], .forward, [5]), ([2, 6], .inverse, [6]),
        ([7], .inverse, [7]),
        ([2, 3, 4], .forward, [3, 4]), ([8], .realForward, [8]), ([2, 5], .realForward, [5]),
        ([3, 4], .realForward, [3, 4]), ([5], .realInverse, [8]), ([2, 3], .realInverse, [5]),
        ([3, 3], .realInverse, [3, 4]), ([0, 4], .forward, [4]), ([17], .forward, [17]),
        ([1], .forward, [1]),
      ]
      return cases.map { shape, kind, lengths in
        let type = TensorType(element, shape)
        return Samples.Case(
          FourierTransform(kind, lengths: lengths), kind == .realForward ? [type] : [type, type])
      }
    }
  }

  public static var examples: [Example] {
    [
      Example(
        FourierTransform(.realForward, lengths: [4]), [Tensor([0, 1, 0, 0] as [Float])],
        gives: [Tensor([1, 0, -1] as [Float]), Tensor([0, -1, 0] as [Float])],
        source: "NumPy documentation, numpy.fft.rfft"),
      Example(
        FourierTransform(.realInverse, lengths: [4]),
        [Tensor([1, 0, -1] as [Float]), Tensor([0, -1, 0] as [Float])],
        gives: [Tensor([0, 1, 0, 0] as [Float])],
        source: "NumPy documentation, numpy.fft.irfft"),
    ]
  }
}

/// The discrete Fourier transform of pairs of real and imaginary parts over the innermost axes, the
/// last one by default.
///
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func fft(
  _ real: Value, _ imaginary: Value, axes count: Int = 1, isInverse: Bool = false,
  fileID: StaticString = #fileID, line: UInt = #line
) throws -> (real: Value, imaginary: Value) {
  let results = try real.graph.apply(
    FourierTransform(
      isInverse ? .inverse : .forward, lengths: Array(real.shape.suffix(count))),
    [real, imaginary], site: CallSite(fileID: fileID, line: line))
  return (results[0], results[1])
}

/// The discrete Fourier transform of real numbers over the innermost axes; of the last the first
/// n / 2 + 1 elements.
///
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func realFFT(
  _ x: Value, axes count: Int = 1, fileID: StaticString = #fileID, line: UInt = #line
) throws -> (real: Value, imaginary: Value) {
  let results = try x.graph.apply(
    FourierTransform(.realForward, lengths: Array(x.shape.suffix(count))), [x],
    site: CallSite(fileID: fileID, line: line))
  return (results[0], results[1])
}

/// The real numbers of `lengths` over the innermost axes whose transform is given.
///
/// - Throws: `shape-mismatch`, `attribute` or `element-type`.
public func inverseRealFFT(
  _ real: Value, _ imaginary: Value, lengths: [Dimension], fileID: StaticString = #fileID,
  line: UInt = #line
) throws -> Value {
  try real.graph.apply1(
    FourierTransform(.realInverse, lengths: lengths), [real, imaginary],
    site: CallSite(fileID: fileID, line: line))
}
