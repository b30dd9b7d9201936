import Glibc

/// Where the elements of one axis of a resized tensor come from.
struct ResizeAxis {
  enum Mode {
    case nearest(String)
    case linear
    case cubic(Double)
  }

  var mode: Mode
  var coordinates: String
  var isAntialiased: Bool
  var excludesOutside: Bool
  var scale: Double
  var from: Int
  var to: Int
  /// The start and end of the part of the axis that is shown, from 0 to 1.
  var region: (Double, Double)

  /// For each tap the places that it reads, and its weights.
  struct Taps {
    var places: [[Int64]] = []
    var weights: [[Double]] = []
    /// Where a place outside is shown.
    var isOutside: [Bool] = []
  }

  /// The place in the operand, maybe between elements, that an element of the result shows.
  private func origin(_ index: Int) -> Double {
    let (x, width, size) = (Double(index), scale * Double(from), Double(from))
    switch coordinates {
    case "align_corners": return width == 1 ? 0 : x * (size - 1) / (width - 1)
    case "asymmetric": return x / scale
    case "tf_crop_and_resize":
      let part = (region.1 - region.0) * (size - 1)
      return region.0 * (size - 1) + (width == 1 ? part / 2 : x * part / (width - 1))
    case "pytorch_half_pixel": return width == 1 ? -0.5 : (x + 0.5) / scale - 0.5
    case "half_pixel_symmetric":
      return size / 2 * (1 - Double(to) / width) + (x + 0.5) / scale - 0.5
    default: return (x + 0.5) / scale - 0.5
    }
  }

  var taps: Taps {
    var taps = Taps()
    let origins = (0..<to).map(origin)
    taps.isOutside = origins.map {
      coordinates == "tf_crop_and_resize" && ($0 < 0 || $0 > Double(from - 1))
    }
    if case .nearest(let rounding) = mode {
      taps.places = [origins.map { clamped(nearest($0, rounding)) }]
      return taps
    }
    let shrink = isAntialiased ? min(scale, 1) : 1
    let reach: Int
    if case .cubic = mode {
      reach = Int((2 / shrink).rounded(.up))
    } else {
      reach = Int((1 / shrink).rounded(.up))
    }
    // Of a place that is an element, the element to the left has no part.
    let bases = origins.map { $0.rounded(.up) - 1 }
    var table = zip(origins, bases).map { origin, base -> [Double] in
      (1 - reach...reach).map { weight((Double($0) - (origin - base)) * shrink) }
    }
    for index in 0..<to {
      if excludesOutside {
        for tap in 0..<2 * reach {
          let place = bases[index] + Double(tap + 1 - reach)
          if place < 0 || place >= Double(from) { table[index][tap] = 0 }
        }
      }
      if excludesOutside || isAntialiased {
        let total = table[index].reduce(0, +)
        table[index] = table[index].map { $0 / total }
      }
    }
    for tap in 0..<2 * reach {
      taps.places.append(bases.map { clamped($0 + Double(tap + 1 - reach)) })
      taps.weights.append(table.map { $0[tap] })
    }
    return taps
  }

  private func clamped(_ place: Double) -> Int64 { Int64(max(0, min(Double(from - 1), place))) }

  private func nearest(_ place: Double, _ rounding: String) -> Double {
    switch rounding {
    case "floor": place.rounded(.down)
    case "ceil": place.rounded(.up)
    case "round_prefer_ceil": (place + 0.5).rounded(.down)
    default: (place - 0.5).rounded(.up)
    }
  }

  /// The weight of an element so far away (Keys, "Cubic Convolution Interpolation for Digital Image
  /// Processing", 1981).
  private func weight(_ distance: Double) -> Double {
    let x = abs(distance)
    guard case .cubic(let a) = mode else { return max(0, 1 - x) }
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}
