import Glibc
import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that make tensors from a few numbers.
  static let generators: [ONNXOperator] = [
    window("BlackmanWindow") { position in
      let (slow, fast) = (try cos(position * 2), try cos(position * 4))
      return try slow * -0.5 + fast * 0.08 + 0.42
    },
    window("HammingWindow") { try cos($0 * 2) * (25.0 / 46 - 1) + 25.0 / 46 },
    window("HannWindow") {
      let wave = try sin($0)
      return try wave * wave
    },
    melWeightMatrix,
    range,
  ]

  /// A window of signal processing as a function of π n / N, with N the size where it is periodic
  /// and else one less.
  private static func window(
    _ name: String, _ function: @escaping @Sendable (Value) throws -> Value
  ) -> ONNXOperator {
    ONNXOperator(name, since: [17]) { node in
      let sizes = try node.sizes(0)
      try node.require(sizes.count == 1, "the size must be one integer")
      let size = sizes[0]
      let type = try node.elementType("output_datatype") ?? .f32
      let period = try node.flag("periodic", default: true) ? size : size - 1
      let number = try node.graph.size(period, .f64)
      let places = try node.graph.iota(.f64, [size])
      let position = try places * Double.pi / number.repeated(to: [size])
      return try convert(function(position), to: type)
    }
  }

  /// `MelWeightMatrix`: weights from the bins of a spectrum to bands of the mel scale.
  private static let melWeightMatrix = ONNXOperator("MelWeightMatrix", since: [17]) { node in
    func integer(_ position: Int) throws -> Int {
      let numbers = try node.integers(position)
      try node.require(
        numbers.count == 1 && numbers[0] >= 0 && numbers[0] < 1 << 20,
        "input \(position) must be one integer, not negative and below \(1 << 20)")
      return numbers[0]
    }
    let (bands, length, rate) = (try integer(0), try integer(1), try integer(2))
    try node.require(rate > 0, "the sample rate must be over 0")
    func mel(_ position: Int) throws -> Double {
      let hertz = try node.doubles(position)
      try node.require(hertz.count == 1, "input \(position) must be one number")
      return 2595 * log10(1 + hertz[0] / 700)
    }
    let (low, high) = (try mel(3), try mel(4))
    let rows = length / 2 + 1
    try node.require(rows * bands < 1 << 26, "\(rows) bins and \(bands) bands are too many")
    let step = (high - low) / Double(bands + 2)
    let edges = try (0..<bands + 2).map { edge -> Int in
      let hertz = 700 * (Glibc.pow(10, (low + Double(edge) * step) / 2595) - 1)
      let bin = (Double(length + 1) * hertz / Double(rate)).rounded(.down)
      try node.require(
        bin >= 0 && bin < Double(rows), "the edges in hertz must lie within the spectrum")
      return Int(bin)
    }
    var weights = [Double](repeating: 0, count: rows * bands)
    for band in 0..<bands {
      let (left, centre, right) = (edges[band], edges[band + 1], edges[band + 2])
      if left == centre { weights[centre * bands + band] = 1 }
      for bin in left..<centre + 1 where left < centre {
        weights[bin * bands + band] = Double(bin - left) / Double(centre - left)
      }
      for bin in centre..<right {
        weights[bin * bands + band] = Double(right - bin) / Double(right - centre)
      }
    }
    let type = try node.elementType("output_datatype") ?? .f32
    let matrix = try Tensor(weights, shape: [rows, bands]).converted(to: type)
    return try node.graph.constant(matrix)
  }

  /// `Range`: from a start in steps up to, not including, a limit.
  private static let range = ONNXOperator("Range", since: [11, 27]) { node in
    let start = try node.input(0)
    let type = start.elementType
    if type.isInteger {
      let ends = try (0..<3).map { position -> Dimension in
        let known = try node.sizes(position)
        try node.require(known.count == 1, "input \(position) must be one number")
        return known[0]
      }
      guard let step = ends[2].constant, step != 0 else {
        throw node.fail("the step must be a known integer other than 0")
      }
      let distance = step > 0 ? ends[1] - ends[0] : ends[0] - ends[1]
      let count = Dimension.maximum(distance.ceilingDivided(by: Dimension(Swift.abs(step))), 0)
      let places = try node.graph.iota(type, [count])
      let first = try node.graph.size(ends[0], type)
      return try places * step + first.repeated(to: [count])
    }
    let ends = try (0..<3).map { position -> Double in
      let known = try node.doubles(position)
      try node.require(known.count == 1, "input \(position) must be one number")
      return known[0]
    }
    let count = ((ends[1] - ends[0]) / ends[2]).rounded(.up)
    try node.require(
      ends[2] != 0 && count < Double(1 << 46) && !count.isNaN, "the step does not reach the limit")
    let wide = try node.graph.iota(type.computeType, [Dimension(max(0, Int(count)))])
    return try convert(wide * ends[2] + ends[0], to: type)
  }
}
