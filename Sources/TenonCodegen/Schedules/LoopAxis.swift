import TenonGraph
import TenonTensor

/// Axes of a compute that one loop serves: neighbours, through which every index of the compute
/// runs as through one axis.
struct LoopAxis: Hashable {
  /// The product of the axes' sizes.
  var extent: Dimension
  /// Ascending. Indices depend on them through the last one alone.
  var axes: [Int]

  /// The most iterations the loop can have.
  var bound: Int { max(0, extent.upperBound ?? 0) }
}

/// The index expressions that say how a compute reads and writes, over the compute's axes.
struct IndexSet {
  /// Offsets in memory.
  var offsets: [IndexExpression]
  /// Guards and computed indices.
  var others: [IndexExpression]

  var all: [IndexExpression] { offsets + others }

  /// Whether the axes `outer` and `inner` matter only as one axis of both.
  func canMerge(_ outer: Int, _ inner: Int, innerExtent: Dimension) -> Bool {
    all.allSatisfy { $0.treatsAsOne(outer, inner, innerExtent: innerExtent) }
  }

  /// Loops for `axes`, outermost first, of which as many as possible are merged; axes of size 1
  /// have none.
  static func loops(_ axes: [(axis: Int, extent: Dimension)], in sets: [IndexSet]) -> [LoopAxis] {
    var result: [LoopAxis] = []
    for (axis, extent) in axes where extent != 1 {
      if let last = result.last,
        sets.allSatisfy({ $0.canMerge(last.axes.last!, axis, innerExtent: extent) })
      {
        result[result.count - 1].axes.append(axis)
        result[result.count - 1].extent = last.extent * extent
      } else {
        result.append(LoopAxis(extent: extent, axes: [axis]))
      }
    }
    return result
  }
}

extension IndexExpression {
  /// Whether axes `outer` and `inner` matter only as one axis of both.
  func treatsAsOne(_ outer: Int, _ inner: Int, innerExtent: Dimension) -> Bool {
    guard coefficient(ofAxis: outer) == coefficient(ofAxis: inner) * innerExtent else {
      return false
    }
    return terms.allSatisfy { term in
      switch term.atom {
      case .axis, .scalar: true
      case .floorDivide(let expression, _), .remainder(let expression, _):
        expression.treatsAsOne(outer, inner, innerExtent: innerExtent)
      }
    }
  }
}
