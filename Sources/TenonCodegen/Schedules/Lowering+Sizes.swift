import TenonGraph
import TenonTensor

// The sizes in lowerings of other kinds than `compute`.
extension Lowering {
  /// Calls `body` with every size in the lowering.
  func forEachSize(_ body: (Dimension) -> Void) {
    switch self {
    case .compute(let compute): compute.forEachSize(body)
    case .scatter(let scatter):
      scatter.axes.forEach(body)
      scatter.bounds.forEach(body)
      scatter.program.forEachSize(body)
      scatter.target.forEach { $0.forEachSize(body) }
      scatter.combiner.forEachSize(body)
    case .prefixScan(let scan): scan.combiner.forEachSize(body)
    case .sort(let sort):
      sort.comparator.forEachSize(body)
      if let limit = sort.limit { body(limit) }
    case .place(let place): place.offsets.forEach(body)
    case .loop, .branch, .fft, .attention, .recurrentCell, .library, .host: break
    }
  }

  /// The lowering with sizes replaced; `map` keeps different sizes different.
  func mapSizes(_ map: (Dimension) -> Dimension) -> Lowering {
    switch self {
    case .compute(let compute): return .compute(compute.mapSizes(map))
    case .scatter(var scatter):
      scatter.axes = scatter.axes.map(map)
      scatter.bounds = scatter.bounds.map(map)
      scatter.program = scatter.program.mapSizes(map)
      scatter.target = scatter.target.map { $0.mapSizes(map) }
      scatter.combiner = scatter.combiner.mapSizes(map)
      return .scatter(scatter)
    case .prefixScan(var scan):
      scan.combiner = scan.combiner.mapSizes(map)
      return .prefixScan(scan)
    case .sort(var sort):
      sort.comparator = sort.comparator.mapSizes(map)
      sort.limit = sort.limit.map(map)
      return .sort(sort)
    case .place(var place):
      place.offsets = place.offsets.map(map)
      return .place(place)
    case .loop, .branch, .fft, .attention, .recurrentCell, .library, .host: return self
    }
  }
}

extension Combiner {
  fileprivate func forEachSize(_ body: (Dimension) -> Void) {
    if case .program(let program, _) = self { program.forEachSize(body) }
  }

  fileprivate func mapSizes(_ map: (Dimension) -> Dimension) -> Combiner {
    guard case .program(let program, let results) = self else { return self }
    return .program(program.mapSizes(map), results: results)
  }
}
