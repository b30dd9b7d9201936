import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// `TfIdfVectorizer` of integers: how often each n-gram of a list occurs, weighted.
  static let termFrequencies = ONNXOperator("TfIdfVectorizer", since: [9]) { node in
    let x = try node.input(0)
    try node.require(
      x.elementType.isInteger && node.attribute("pool_strings") == nil,
      "strings are not supported; give pool_int64s and integers")
    try node.require(x.rank == 1 || x.rank == 2, "the input must have rank 1 or 2")
    guard let length = x.shape[x.rank - 1].constant else {
      throw node.fail("the rows must have a known length, not \(x.shape[x.rank - 1])")
    }
    let grams = try NGramList(node)
    let rows = try convert(
      x.rank == 2 ? x : TenonOps.reshape(x, [1, x.shape[0]]), to: .i64)
    let columns = (grams.places.max() ?? -1) + 1
    var counts = try x.graph.scalar(0, .f32).repeated(to: [rows.shape[0], Dimension(columns)])
    for group in grams.groups {
      // One token has nothing to skip.
      for skip in 0...(group.length == 1 ? 0 : grams.mostSkipped) {
        let reach = (group.length - 1) * (skip + 1) + 1
        guard reach <= length, !group.places.isEmpty else { continue }
        let starts = Dimension(length - reach + 1)
        let shape: Shape = [rows.shape[0], starts, Dimension(group.places.count)]
        var isFound: Value?
        for token in 0..<group.length {
          let first = Dimension(token * (skip + 1))
          let part = try slice(rows, axis: 1, from: first, to: first + starts)
          let seen = try part.graph.apply1(
            BroadcastInDim(shape: shape, dimensions: [0, 1]), [part], site: CallSite())
          let wanted = try x.graph.constant(
            Tensor(
              .i64, shape: [group.places.count], integers: group.tokens.map { $0[token] }))
          let isSame = try equal(seen, wanted.repeated(to: shape, along: 2))
          isFound = try isFound.map { try and($0, isSame) } ?? isSame
        }
        guard let isFound else { continue }
        let found = try sum(convert(isFound, to: .f32), axes: [1])
        var weights = [Double](repeating: 0, count: group.places.count * columns)
        for (row, place) in group.places.enumerated() { weights[row * columns + place] = 1 }
        let spread = try x.graph.constant(
          Tensor(.f32, shape: [group.places.count, columns], doubles: weights))
        counts = try counts + dotGeneral(found, spread, lhsContracting: [1], rhsContracting: [0])
      }
    }
    var weights = [Double](repeating: 1, count: columns)
    if let given = try node.floats("weights") {
      try node.require(
        given.count == grams.places.count, "weights must have \(grams.places.count) numbers")
      for (place, weight) in zip(grams.places, given) { weights[place] = weight }
    }
    let factors = try x.graph.constant(Tensor(.f32, shape: [columns], doubles: weights))
      .repeated(to: counts.shape, along: 1)
    switch try node.string("mode") {
    case "TF": break
    case "IDF":
      counts = try select(greater(counts, 0), factors, counts)
    case "TFIDF": counts = try counts * factors
    case let other: throw node.fail("mode must be TF, IDF or TFIDF, not \(other ?? "missing")")
    }
    return x.rank == 2 ? counts : try TenonOps.reshape(counts, [Dimension(columns)])
  }
}

/// The n-grams of a model's list, by length.
private struct NGramList {
  struct Group {
    let length: Int
    let tokens: [[Int64]]
    let places: [Int]
  }

  var groups: [Group] = []
  let places: [Int]
  let mostSkipped: Int

  init(_ node: ONNXNode) throws {
    guard let pool = try node.integers("pool_int64s"),
      let starts = try node.integers("ngram_counts"),
      let places = try node.integers("ngram_indexes"),
      let most = try node.integer("max_gram_length"),
      let least = try node.integer("min_gram_length"),
      let skips = try node.integer("max_skip_count")
    else {
      throw node.fail(
        "needs pool_int64s, ngram_counts, ngram_indexes, min_gram_length, max_gram_length and "
          + "max_skip_count")
    }
    try node.require(
      least >= 1 && most >= least && most < 1 << 10 && skips >= 0 && skips < 1 << 10
        && places.allSatisfy { $0 >= 0 && $0 < 1 << 24 }, "lengths, skips or indexes are too large")
    (self.places, mostSkipped) = (places, skips)
    var before = 0
    for (position, start) in starts.enumerated() {
      let (length, end) = (
        position + 1, position + 1 < starts.count ? starts[position + 1] : pool.count
      )
      try node.require(
        start >= 0 && end >= start && end <= pool.count && (end - start) % length == 0,
        "ngram_counts \(starts) do not divide the pool")
      let count = (end - start) / length
      try node.require(before + count <= places.count, "ngram_indexes are too few")
      if length >= least, length <= most {
        groups.append(
          Group(
            length: length,
            tokens: (0..<count).map { gram in
              (0..<length).map { Int64(pool[start + gram * length + $0]) }
            }, places: Array(places[before..<before + count])))
      }
      before += count
    }
  }
}
