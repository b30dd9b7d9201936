import TenonGraph
import TenonOps
import TenonTensor

extension BackwardWalk {
  /// The gradient of a region as a region: it takes the arguments of `region`, then one gradient for
  /// each result marked in `seeded`; it computes the region again and gives one gradient for each
  /// argument marked in `wanted`, zeros where nothing depends on it.
  func regionGradient(
    _ region: RegionID, seeded: [Bool], wanted: [Bool], origin: OriginID
  ) throws -> RegionID {
    let arguments = graph.arguments(region)
    let seeds = zip(graph.results(region), seeded).filter(\.1).map { graph.type($0.0) }
    let gradient = graph.makeRegion(arguments: arguments.map { graph.type($0) } + seeds)
    for (old, new) in zip(arguments, graph.arguments(gradient)) {
      graph.setKnownElements(new, graph.knownElements(old))
    }
    try graph.record(into: gradient) { values in
      let inputs = values.prefix(arguments.count).map(\.id)
      let results = try graph.recordCopy(of: region, on: inputs)
      let targets = zip(results, seeded).filter(\.1).map(\.0)
      let wrt = zip(inputs, wanted).filter(\.1).map(\.0)
      let path = path(from: wrt, to: targets, in: graph.recordedNodes[...])
      let gradients = try gradients(
        zip(targets, values.dropFirst(arguments.count)).map { (value: $0, seed: $1) }, wrt: wrt,
        over: path, origin: origin)
      return try zip(gradients, wrt).map { gradient, x in
        try (gradient ?? Value(graph, x).filled(0.0, site: CallSite())).id
      }
    }
    return gradient
  }
}
