import TenonGraph
import TenonTensor

// The transforms are linear; their gradients are the transposed maps, transforms themselves.
extension FourierTransform {
  public func gradient(_ site: GradientSite) throws -> [Value?] {
    let x = site.operands[0]
    let graph = site.graph
    func seed(_ position: Int) throws -> Value {
      try site.gradients[position] ?? site.results[position].filled(0, site: CallSite())
    }
    let size = lengths.reduce(1, *)
    func scaled(_ value: Value, multiplying: Bool) throws -> Value {
      let count = try broadcast(
        graph.size(size, x.elementType, site: CallSite()), to: value)
      return multiplying ? try value * count : try value / count
    }
    func transformed(_ kind: Kind, _ parts: [Value]) throws -> [Value] {
      try graph.apply(FourierTransform(kind, lengths: lengths), parts, site: CallSite())
    }
    switch kind {
    case .forward:
      return try transformed(.inverse, [seed(0), seed(1)]).map {
        try scaled($0, multiplying: true)
      }
    case .inverse:
      return try transformed(.forward, [seed(0), seed(1)]).map {
        try scaled($0, multiplying: false)
      }
    case .realForward:
      // Zeros for the half that was cut off; of the inverse's result the real part.
      var high = x.shape.map { _ in Dimension(0) }
      high[x.rank - 1] = lengths[lengths.count - 1] - site.results[0].shape[x.rank - 1]
      let none = x.shape.map { _ in Dimension(0) }
      let whole = try [seed(0), seed(1)].map { try pad($0, low: none, high: high) }
      return [try scaled(transformed(.inverse, whole)[0], multiplying: true)]
    case .realInverse:
      // Elements that stand for their mirror image too count twice.
      let parts = try transformed(.realForward, [seed(0)])
      let place = try graph.iota(.i64, x.shape, dimension: x.rank - 1)
      let length = try broadcast(
        graph.size(lengths[lengths.count - 1], .i64, site: CallSite()), to: place)
      let isSingle = try or(equal(place, 0), equal(place * 2, length))
      let zero = try x.filled(0, site: CallSite())
      return try parts.enumerated().map { position, part in
        let single = position == 0 || lengths.count > 1 ? part : zero
        return try scaled(select(isSingle, single, part * 2), multiplying: false)
      }
    }
  }
}
