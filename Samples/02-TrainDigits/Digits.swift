import Foundation
import Tenon

/// The digits of Data/digits.csv: every third row is for testing, the others are for training.
struct Digits {
  /// Grey levels from 0 to 1, 64 for each image.
  private(set) var training = Images()
  private(set) var testing = Images()

  struct Images {
    var pixels: [Float] = []
    var labels: [Int32] = []

    var count: Int { labels.count }

    /// f32[n, 1, 8, 8] and i32[n] of the images at `places`.
    func batch(_ places: some Collection<Int>) throws -> (images: Tensor, labels: Tensor) {
      let chosen = places.flatMap { pixels[$0 * 64..<($0 + 1) * 64] }
      return (
        try Tensor(chosen, shape: [places.count, 1, 8, 8]), Tensor(places.map { labels[$0] })
      )
    }
  }

  init() throws {
    guard let url = Bundle.module.url(forResource: "digits", withExtension: "csv") else {
      throw DigitsError(text: "digits.csv is not beside the program; build the package again")
    }
    let rows = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst()
    for (place, row) in rows.enumerated() {
      let numbers = row.split(separator: ",").compactMap { Float($0) }
      guard numbers.count == 65 else {
        throw DigitsError(text: "digits.csv row \(place + 2): expected 65 numbers")
      }
      let pixels = numbers[..<64].map { $0 / 16 }
      if place % 3 == 0 {
        testing.pixels += pixels
        testing.labels.append(Int32(numbers[64]))
      } else {
        training.pixels += pixels
        training.labels.append(Int32(numbers[64]))
      }
    }
  }
}

struct DigitsError: Error, CustomStringConvertible {
  var text: String
  var description: String { text }
}
