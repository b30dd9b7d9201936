/// Which axis of a convolution's operands and result is what, read from text like
/// `nc01_oi01->nc01` or `n01c_01io->n01c`: `n` batch, `c` features, `o` and `i` the kernel's output
/// and input features, digits the spatial axes.
package struct ConvolutionAxes {
  package var inputBatch = 0
  package var inputFeature = 0
  package var inputSpatial: [Int] = []
  package var kernelOutput = 0
  package var kernelInput = 0
  package var kernelSpatial: [Int] = []
  package var outputBatch = 0
  package var outputFeature = 0
  package var outputSpatial: [Int] = []

  /// Nil where the text does not name every axis once.
  init?(_ text: String) {
    let sides = text.split(separator: "_", omittingEmptySubsequences: false)
    guard sides.count == 2, let arrow = sides[1].firstRange(of: "->") else { return nil }
    let kernel = sides[1][..<arrow.lowerBound]
    let output = sides[1][arrow.upperBound...]
    let rank = sides[0].count - 2
    guard rank >= 0, kernel.count == rank + 2, output.count == rank + 2,
      let (n, c, spatial) = ConvolutionAxes.places(sides[0], "n", "c", rank),
      let (o, i, kernelSpatial) = ConvolutionAxes.places(kernel, "o", "i", rank),
      let (on, oc, outputSpatial) = ConvolutionAxes.places(output, "n", "c", rank)
    else { return nil }
    (inputBatch, inputFeature, inputSpatial) = (n, c, spatial)
    (kernelOutput, kernelInput, self.kernelSpatial) = (o, i, kernelSpatial)
    (outputBatch, outputFeature, self.outputSpatial) = (on, oc, outputSpatial)
  }

  private static func places(
    _ text: Substring, _ first: Character, _ second: Character, _ rank: Int
  ) -> (Int, Int, [Int])? {
    let letters = Array(text)
    guard let a = letters.firstIndex(of: first), let b = letters.firstIndex(of: second) else {
      return nil
    }
    var spatial: [Int] = []
    for axis in 0..<rank {
      guard let place = letters.firstIndex(of: Character(String(axis))) else { return nil }
      spatial.append(place)
    }
    return (a, b, spatial)
  }

  /// `nc01_oi01->nc01`, for so many spatial axes.
  static func channelsFirst(_ rank: Int) -> String {
    let digits = (0..<rank).map(String.init).joined()
    return "nc\(digits)_oi\(digits)->nc\(digits)"
  }

  /// The text of these axes.
  var text: String {
    func side(_ a: (Int, Character), _ b: (Int, Character), _ spatial: [Int]) -> String {
      var letters = [Character](repeating: "?", count: spatial.count + 2)
      letters[a.0] = a.1
      letters[b.0] = b.1
      for (axis, place) in spatial.enumerated() { letters[place] = Character(String(axis)) }
      return String(letters)
    }
    return side((inputBatch, "n"), (inputFeature, "c"), inputSpatial) + "_"
      + side((kernelOutput, "o"), (kernelInput, "i"), kernelSpatial) + "->"
      + side((outputBatch, "n"), (outputFeature, "c"), outputSpatial)
  }
}
