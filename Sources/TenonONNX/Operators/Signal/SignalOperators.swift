import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators on signals and sequences of tokens.
  static let signal: [ONNXOperator] = [
    fourierTransform, shortTimeFourierTransform, termFrequencies,
  ]

  /// `DFT` along one axis; complex numbers are pairs along the last one.
  private static let fourierTransform = ONNXOperator("DFT", since: [17, 20]) { node in
    let x = try node.input(0)
    var wanted = try node.integer("axis", default: 1)
    if node.version >= 20 {
      wanted = -2
      if node.has(2) {
        let given = try node.integers(2)
        try node.require(given.count == 1, "the axis must be one integer")
        wanted = given[0]
      }
    }
    let axis = try node.axis(wanted, rank: x.rank)
    try node.require(
      x.rank >= 2 && axis < x.rank - 1, "the last axis holds the parts of complex numbers")
    let isInverse = try node.flag("inverse")
    let isHalf = try node.flag("onesided")
    let signal = try ComplexSignal(node, x, axis: axis)
    var length = signal.real.shape[signal.real.rank - 1]
    if isInverse, isHalf { length = (length - 1) * 2 }
    if node.has(1) {
      let given = try node.sizes(1)
      try node.require(given.count == 1, "dft_length must be one integer")
      length = given[0]
    }
    if isInverse, isHalf {
      let stored = try signal.sized(to: length.floorDivided(by: 2) + 1)
      let real = try inverseRealFFT(
        stored.real, stored.imaginary ?? stored.zeros(), lengths: [length])
      return try signal.restored([real])
    }
    let sized = try signal.sized(to: length)
    if isHalf, sized.imaginary == nil {
      let parts = try realFFT(sized.real)
      return try signal.restored([parts.real, parts.imaginary])
    }
    let parts = try fft(
      sized.real, sized.imaginary ?? sized.zeros(), isInverse: isInverse)
    guard isHalf else { return try signal.restored([parts.real, parts.imaginary]) }
    let half = length.floorDivided(by: 2) + 1
    return try signal.restored(
      [parts.real, parts.imaginary].map { try slice($0, axis: $0.rank - 1, from: 0, to: half) })
  }

  /// `STFT`: the transforms of windows that move along the signal.
  private static let shortTimeFourierTransform = ONNXOperator("STFT", since: [17]) { node in
    let x = try node.input(0)
    try node.require(x.rank == 3, "the signal must be (batch, length, 1 or 2)")
    let steps = try node.integers(1)
    try node.require(steps.count == 1 && steps[0] > 0, "frame_step must be one number over 0")
    let window = try node.optionalInput(2)
    var length = window?.shape[0] ?? x.shape[1]
    if node.has(3) {
      let given = try node.sizes(3)
      try node.require(given.count == 1, "frame_length must be one integer")
      length = given[0]
    }
    let count = (x.shape[1] - length).floorDivided(by: Dimension(steps[0])) + 1
    let signal = try ComplexSignal(node, x, axis: 1)
    let places: Shape = [count, length]
    let index =
      try x.graph.iota(.i64, places, dimension: 0) * steps[0]
      + x.graph.iota(.i64, places, dimension: 1)
    let frames = try signal.mapped { part in
      let all = try take(part, index, axis: 1)
      guard let window else { return all }
      return try all * convert(window, to: all.elementType).repeated(to: all.shape, along: 2)
    }
    let isHalf = try node.flag("onesided", default: true)
    var parts: [Value]
    if isHalf, frames.imaginary == nil {
      let result = try realFFT(frames.real)
      parts = [result.real, result.imaginary]
    } else {
      let result = try fft(frames.real, frames.imaginary ?? frames.zeros())
      parts = [result.real, result.imaginary]
      if isHalf {
        parts = try parts.map {
          try slice($0, axis: 2, from: 0, to: length.floorDivided(by: 2) + 1)
        }
      }
    }
    return try convert(stack(parts, axis: 3), to: x.elementType)
  }
}

/// A signal with the transformed axis last, in the type computed in.
private struct ComplexSignal {
  var real: Value
  /// Nil where the signal is real.
  var imaginary: Value?
  private let element: ElementType
  /// Where the axis came from.
  private let axis: Int

  init(_ node: ONNXNode, _ x: Value, axis: Int) throws {
    let last = x.rank - 1
    (self.axis, element) = (axis, x.elementType)
    let wide = try convert(x, to: x.elementType.computeType)
    let order = (0..<last).filter { $0 != axis } + [axis]
    func part(_ place: Int) throws -> Value {
      let plane = try reshape(
        slice(wide, axis: last, from: Dimension(place), to: Dimension(place + 1)),
        Shape(Array(x.shape.dropLast())))
      return try transpose(plane, order)
    }
    switch x.shape[last].constant {
    case 1: (real, imaginary) = (try part(0), nil)
    case 2: (real, imaginary) = (try part(0), try part(1))
    default: throw node.fail("the last axis must have size 1 or 2, not \(x.shape[last])")
    }
  }

  func zeros() throws -> Value { try real.filled(0, site: CallSite()) }

  func mapped(_ function: (Value) throws -> Value) throws -> ComplexSignal {
    var result = self
    result.real = try function(real)
    result.imaginary = try imaginary.map(function)
    return result
  }

  /// Cut, or with zeros behind, to a length.
  func sized(to length: Dimension) throws -> ComplexSignal {
    try mapped { part in
      let size = part.shape[part.rank - 1]
      if size == length { return part }
      let none = part.shape.map { _ in Dimension(0) }
      return try pad(part, low: none, high: none.dropLast() + [length - size])
    }
  }

  /// Parts of a result with the axis at its place and the parts along the last one.
  func restored(_ parts: [Value]) throws -> Value {
    let rank = parts[0].rank
    var order = Array(0..<rank - 1)
    order.insert(rank - 1, at: axis)
    let all = try stack(parts.map { try transpose($0, order) }, axis: rank)
    return try convert(all, to: element)
  }
}
