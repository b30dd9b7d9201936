import TenonGraph
import TenonOps
import TenonTensor

/// Stores the channels of images in blocks that fill one vector register, or a row of a tile, where
/// that pays.
///
/// Before:
///
///     %2 = convolution(%0, %1) {…}: f32[1x64x56x56]
///     %3 = add(%2, %b): f32[1x64x56x56]
///
/// After:
///
///     %2 = relayout(%0): f32[1x64x56x56]{0,1/16,2,3,16:1}
///     %3 = convolution(%2, %1) {…}: f32[1x64x56x56]{0,1/16,2,3,16:1}
///     %4 = add(%3, %b): f32[1x64x56x56]{0,1/16,2,3,16:1}
///     %5 = relayout(%4): f32[1x64x56x56]
///
/// Values that ops read at their own channel are taken together: convolutions, windows (depthwise
/// convolution, pooling), whatever is elementwise, concatenations of whole blocks. Each such
/// component gets the layout where the estimated time that it saves is more than its conversions
/// at the edges take; else it is left, with the reason. What alone follows a sum that is left stays
/// with it. All of it is read off the ops' lowerings and the target.
///
/// Next to last: layouts change no op, so that all rewriting is done by then, and before fusion,
/// which works on memory as it lies.
public struct AssignLayouts: GraphPass {
  public static let name = "assign-layouts"
  public init() {}

  static let rule = "block-channels"

  public func run(_ context: PassContext) throws {
    let graph = context.graph
    let table = LoweringTable(graph)
    let costs = LayoutCost.blocks(context.target).map { LayoutCost(context.target, block: $0) }
    guard costs[0].block > 1 else { return }
    for entry in graph.entries {
      for region in graph.executedRegions(under: entry.region, table) {
        let all = costs.map { ($0, LayoutComponents(region, graph, table, $0)) }
        // The fewest channels among the best.
        let (cost, components) = all.dropFirst().reduce(all[0]) { best, next in
          next.1.gain > best.1.gain ? next : best
        }
        context.refuse(components.refusals, rule: Self.rule)
        for component in components.chosen {
          let members = Set(component.nodes)
          let layouts = Dictionary(
            uniqueKeysWithValues: component.nodes.map { node in
              let value = graph.result(node)
              return (value, Layout.blocked(1, by: cost.block, rank: graph.tensorType(value).rank))
            })
          context.assign(
            layouts, in: region, conversion: Relayout(), rule: Self.rule,
            reason: component.reason
          ) { node, position in
            let role = components.role(of: node)
            let value = graph.operand(node, position)
            if members.contains(node), role?.data.contains(position) == true {
              return .some(Layout.blocked(1, by: cost.block, rank: graph.tensorType(value).rank))
            }
            // Every other reader of the component's values wants them plain, or takes any layout.
            if layouts[value] == nil { return nil }
            return role?.takesAny == true ? nil : .some(nil)
          }
        }
      }
    }
  }
}
