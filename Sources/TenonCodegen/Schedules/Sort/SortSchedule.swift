import TenonGraph
import TenonTensor

/// Rows put in order: each is copied to scratch memory, ordered there and copied out.
///
/// Where few elements of long rows are kept, they are held in order while the row is read once;
/// else runs of growing length are merged. Both keep equal elements in their order.
struct SortSchedule {
  let group: KernelGroup
  let sort: Sort
  let target: Target
  let tileWork: Int

  /// The most kept elements for which a row is read once.
  static let mostSelected = 32

  private var shape: Shape { group.inputs[0].shape }

  /// How many elements are kept, where they are to be selected.
  private var selected: Int? {
    guard let limit = sort.limit?.constant, limit > 0, limit <= Self.mostSelected,
      let length = shape[sort.axis].upperBound, length >= 4 * limit
    else { return nil }
    return limit
  }

  func schedule(parameters: [Symbol]) -> ScheduledKernel {
    let builder = KernelBuilder(
      parameters: parameters,
      buffers: group.buffers())
    let place = shape.indices.map { IndexExpression.axis($0) }
    let set = IndexSet(offsets: (group.inputs + group.outputs).map { $0.offset(place) }, others: [])
    let rows = IndexSet.loops(
      shape.indices.filter { $0 != sort.axis }.map { ($0, shape[$0]) }, in: [set])
    let length = max(1, shape[sort.axis].upperBound ?? 1)
    let levels = MergeWriter.levels(length)
    let steps = selected == nil ? Dimension.saturatingProduct(length, levels + 1) : length
    let cost = Dimension.saturatingProduct(steps, sort.comparator.cost + 6 * group.inputs.count)
    let grid = TileGrid(rows, cost: cost, work: tileWork, multiple: 1)
    loops(grid.ranges(of: .axis(0), in: builder)[...], at: [:], in: builder) { place in
      let row = SortRow(
        group: group, sort: sort, builder: builder, place: place, length: shape[sort.axis],
        lengthBound: length)
      if let selected {
        SelectionWriter(row: row, count: selected).write()
      } else {
        MergeWriter(row: row).write()
      }
    }
    let algorithm = selected.map { "the first \($0) of each row" } ?? "merge sort"
    return ScheduledKernel(
      kernel: builder.finish(tiles: grid.tiles), description: "\(algorithm); \(grid)",
      hasUniformTiles: false)
  }
}

/// One row of the tensors that are sorted together.
struct SortRow {
  let group: KernelGroup
  let sort: Sort
  let builder: KernelBuilder
  /// Where the row is along the other axes.
  let place: AxisPlaces
  let length: Dimension
  let lengthBound: Int

  var count: Int { group.inputs.count }

  /// Scratch memory for `count` elements of each tensor.
  func scratch(count: Int) -> [Memory] {
    group.inputs.enumerated().map { number, type in
      builder.scratch(type.element, count: count, sharedAs: "sort \(number)")
    }
  }

  private func offset(_ type: TensorType, _ index: IndexExpression) -> IndexExpression {
    var indices = type.shape.indices.map { place[$0] ?? IndexExpression(0) }
    indices[sort.axis] = index
    return type.offset(indices).simplified { builder.extent($0) }
  }

  /// The tensors' elements at an index of the row.
  func input(_ index: IndexExpression) -> [ValueIndex] {
    group.inputs.enumerated().map { number, type in
      builder.define(
        .load(Address(.buffer(number), offset(type, index)), count: nil, mask: nil, fill: nil),
        LaneType(type.element))
    }
  }

  /// Writes the results' elements at an index of the row.
  func output(_ index: IndexExpression, _ elements: [ValueIndex]) {
    for (number, type) in group.outputs.enumerated() {
      builder.store(Address(.buffer(count + number), offset(type, index)), elements[number])
    }
  }

  func load(_ memory: [Memory], _ index: IndexExpression) -> [ValueIndex] {
    zip(memory, group.inputs).map { memory, type in
      builder.define(
        .load(Address(memory, index), count: nil, mask: nil, fill: nil), LaneType(type.element))
    }
  }

  func store(_ memory: [Memory], _ index: IndexExpression, _ elements: [ValueIndex]) {
    for (memory, element) in zip(memory, elements) {
      builder.store(Address(memory, index), element)
    }
  }

  /// Whether the first elements go before the second.
  func goesBefore(_ first: [ValueIndex], _ second: [ValueIndex]) -> ValueIndex {
    var lowering = ProgramLowering(
      builder: builder, program: sort.comparator, operands: [], axis: { _ in IndexExpression(0) },
      extents: { builder.extent($0) })
    lowering.parameters = zip(first, second).flatMap { [$0, $1] }
    return lowering.lower([sort.result])[0]
  }

  func integer(_ number: Int) -> ValueIndex { builder.index(IndexExpression(Dimension(number))) }
}
