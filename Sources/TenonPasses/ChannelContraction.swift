import TenonGraph
import TenonOps
import TenonTensor

/// A convolution or matrix product with the places of its free axes: which axis of an operand an
/// axis of the result is.
struct ChannelContraction {
  private(set) var op: any Op
  /// By operand, the axes of the result that are axes of the operand, and which.
  private let axes: [[(result: Int, operand: Int)]]

  /// Nil for any other op.
  init?(_ site: RewriteSite, _ node: NodeID) {
    op = site.graph.op(node)
    switch op {
    case let dot as DotGeneral:
      let ranks = (site.operand(0, of: node).rank, site.operand(1, of: node).rank)
      let batches = dot.lhsBatching.indices
      let left = (0..<ranks.0).filter {
        !dot.lhsBatching.contains($0) && !dot.lhsContracting.contains($0)
      }
      let right = (0..<ranks.1).filter {
        !dot.rhsBatching.contains($0) && !dot.rhsContracting.contains($0)
      }
      axes = [
        batches.map { ($0, dot.lhsBatching[$0]) }
          + left.enumerated().map { (batches.count + $0, $1) },
        batches.map { ($0, dot.rhsBatching[$0]) }
          + right.enumerated().map { (batches.count + left.count + $0, $1) },
      ]
    case let convolution as Convolution:
      // `nc01_oi01->nc01`: input, kernel, result.
      let sides = convolution.axes.split(whereSeparator: { "_->".contains($0) }).map(Array.init)
      guard sides.count == 3, let outputs = sides[1].firstIndex(of: "o"),
        let channels = sides[2].firstIndex(of: "c")
      else { return nil }
      axes = [[], [(channels, outputs)]]
    default: return nil
    }
  }

  /// Which axis of an operand an axis of the result is; nil for none.
  func operandAxis(ofResult axis: Int, operand: Int) -> Int? {
    axes[operand].first { $0.result == axis }?.operand
  }

  /// Which axis of the result an axis of an operand is; nil for one that is summed over.
  func resultAxis(ofOperand axis: Int, operand: Int) -> Int? {
    axes[operand].first { $0.operand == axis }?.result
  }

  /// Whether an axis that is summed over has an even number of indices, neighbours of which make
  /// pairs: for convolutions, that of channels.
  func sumsPairs(_ rhs: Shape) -> Bool {
    let axes: [Int]
    switch op {
    case let dot as DotGeneral: axes = dot.rhsContracting
    case let convolution as Convolution:
      let kernel = Array(convolution.axes.split(whereSeparator: { "_->".contains($0) })[1])
      axes = kernel.indices.filter { kernel[$0] == "i" }
    default: preconditionFailure("internal: \(type(of: op).name) is no contraction")
    }
    return axes.contains { rhs[$0].constant.map { $0 % 2 == 0 } == true }
  }

  /// How many products each result element is the sum of.
  func termCount(_ lhs: Shape, _ rhs: Shape) -> Dimension {
    switch op {
    case let dot as DotGeneral:
      return dot.lhsContracting.reduce(Dimension(1)) { $0 * lhs[$1] }
    case let convolution as Convolution:
      let kernel = Array(convolution.axes.split(whereSeparator: { "_->".contains($0) })[1])
      return rhs.indices.reduce(Dimension(1)) { kernel[$1] == "o" ? $0 : $0 * rhs[$1] }
    default: preconditionFailure("internal: \(type(of: op).name) is no contraction")
    }
  }

  /// The input padded by an op of its own, and the contraction without padding; nil where there are
  /// holes between the input's elements too.
  func paddingApart(_ input: Value, fill: @autoclosure () throws -> Value) throws -> (
    input: Value, contraction: ChannelContraction
  )? {
    guard let convolution = op as? Convolution else { return (input, self) }
    guard convolution.inputDilation.allSatisfy({ $0 == 1 }) else { return nil }
    guard convolution.padding.contains(where: { $0 != [0, 0] }) else { return (input, self) }
    var padding = [[Int]](repeating: [0, 0], count: input.rank)
    for (place, axis) in convolution.axes.prefix(while: { $0 != "_" }).enumerated() {
      if let spatial = axis.wholeNumberValue { padding[place] = convolution.padding[spatial] }
    }
    var unpadded = self
    unpadded.op = Convolution(
      axes: convolution.axes, strides: convolution.strides,
      padding: convolution.padding.map { _ in [0, 0] },
      kernelDilation: convolution.kernelDilation, reversal: convolution.reversal,
      featureGroups: convolution.featureGroups, batchGroups: convolution.batchGroups,
      result: convolution.result)
    let padded = try pad(
      input, low: padding.map { Dimension($0[0]) }, high: padding.map { Dimension($0[1]) },
      fill: fill())
    return (padded, unpadded)
  }

  /// Whether all channels of the input are summed: all but convolutions in groups.
  var isSumOfChannels: Bool { (op as? Convolution)?.featureGroups ?? 1 == 1 }

  /// The same with results of another type.
  func giving(_ element: ElementType) -> ChannelContraction {
    var contraction = self
    switch op {
    case let dot as DotGeneral:
      contraction.op = DotGeneral(
        lhsBatching: dot.lhsBatching, rhsBatching: dot.rhsBatching,
        lhsContracting: dot.lhsContracting, rhsContracting: dot.rhsContracting, result: element)
    case let convolution as Convolution:
      contraction.op = Convolution(
        axes: convolution.axes, strides: convolution.strides, padding: convolution.padding,
        inputDilation: convolution.inputDilation, kernelDilation: convolution.kernelDilation,
        reversal: convolution.reversal, featureGroups: convolution.featureGroups,
        batchGroups: convolution.batchGroups, result: element)
    default: preconditionFailure("internal: \(type(of: op).name) is no contraction")
    }
    return contraction
  }
}

extension RewriteSite {
  /// Whether a value depends on nothing but constants, few nodes deep.
  func isConstant(_ value: Value, depth: Int = 8) -> Bool {
    guard depth > 0, let node = producer(value), graph.isPure(node), graph.regions(node).isEmpty
    else { return false }
    if graph.op(node) is Constant { return true }
    let operands = graph.operands(node)
    return !operands.isEmpty
      && operands.allSatisfy { isConstant(Value(graph, $0), depth: depth - 1) }
  }
}
