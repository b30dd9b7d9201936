import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators that read images between their elements.
  static let resampling: [ONNXOperator] = [
    affineGrid,
    columnsToImage,
    gridSample,
    resize,
    upsample,
  ]

  /// `AffineGrid`: the places in [-1, 1] that affine maps give to the elements of an image.
  private static let affineGrid = ONNXOperator("AffineGrid", since: [20]) { node in
    let theta = try node.input(0)
    let size = try node.integers(1)
    let rank = size.count - 2
    try node.require(rank == 2 || rank == 3, "the size must have 4 or 5 numbers, not \(size)")
    let sizes = Array(size[2...])
    try node.require(
      sizes.allSatisfy { $0 >= 0 && $0 < 1 << 20 } && theta.rank == 3
        && theta.shape[1] == Dimension(rank) && theta.shape[2] == Dimension(rank + 1),
      "theta must be [N, \(rank), \(rank + 1)] for the size \(size)")
    let alignsCorners = try node.flag("align_corners")
    func place(_ index: Int, of size: Int) -> Double {
      if alignsCorners { return size == 1 ? -1 : Double(index) * 2 / Double(size - 1) - 1 }
      return (Double(index) * 2 + 1) / Double(size) - 1
    }
    var places: [Double] = []
    let count = sizes.reduce(1, *)
    for element in 0..<count {
      var rest = element
      // The innermost axis comes first in a place.
      for size in sizes.reversed() {
        places.append(place(rest % size, of: size))
        rest /= size
      }
      places.append(1)
    }
    let table = try Tensor(places, shape: [count, rank + 1]).converted(to: theta.elementType)
    let grid = try matmul(
      node.graph.constant(table), TenonOps.transpose(theta, [0, 2, 1]))
    return try TenonOps.reshape(
      grid, Shape([theta.shape[0]] + sizes.map { Dimension($0) } + [Dimension(rank)]))
  }

  /// `Col2Im`: blocks of an image added into the places that they were cut from.
  private static let columnsToImage = ONNXOperator("Col2Im", since: [18]) { node in
    let x = try node.input(0)
    let (image, block) = (try node.sizes(1), try node.integers(2))
    let rank = image.count
    let ones = Array(repeating: 1, count: rank)
    let dilations = try node.integers("dilations") ?? ones
    let strides = try node.integers("strides") ?? ones
    let pads = try node.integers("pads") ?? Array(repeating: 0, count: 2 * rank)
    try node.require(
      x.rank == 3 && rank > 0
        && [block.count, dilations.count, strides.count, pads.count / 2].allSatisfy { $0 == rank },
      "the input must have rank 3, and attributes numbers for \(rank) axes")
    try node.require(
      (block + dilations + strides).allSatisfy { $0 > 0 }, "blocks and steps must be over 0")
    let area = block.reduce(1, *)
    let channels = x.shape[1].floorDivided(by: Dimension(area))
    let counts = (0..<rank).map { axis -> Dimension in
      let padding = pads[axis] + pads[rank + axis]
      let reach = dilations[axis] * (block[axis] - 1) + 1
      return (image[axis] + Dimension(padding - reach)).floorDivided(by: Dimension(strides[axis]))
        + 1
    }
    let apart = try TenonOps.reshape(
      x, Shape([x.shape[0], channels, Dimension(area)] + counts))
    let shape = Shape([x.shape[0], channels] + counts)
    var total: Value?
    for place in 0..<area {
      let part = try TenonOps.reshape(
        TenonOps.slice(apart, axis: 2, from: Dimension(place), to: Dimension(place + 1)), shape)
      var (low, high): ([Dimension], [Dimension]) = ([], [])
      var rest = place
      for axis in (0..<rank).reversed() {
        let first = Dimension(rest % block[axis] * dilations[axis] - pads[axis])
        rest /= block[axis]
        let covered = (counts[axis] - 1) * Dimension(strides[axis]) + 1
        low.insert(first, at: 0)
        high.insert(image[axis] - first - covered, at: 0)
      }
      let moved = try TenonOps.pad(
        part, low: [0, 0] + low, high: [0, 0] + high, interior: [0, 0] + strides.map { $0 - 1 })
      total = try total.map { try $0 + moved } ?? moved
    }
    return total!
  }
}
