import TenonGraph
import TenonOps
import TenonTensor
import Testing

/// The first line of what an op throws for operands of the types given, or what it accepts.
func refusal(
  _ op: any Op, _ types: [String], record: ((Graph, [Value]) throws -> [Value])? = nil
) -> String {
  let graph = Graph("refused")
  do {
    let values = try types.enumerated().map { position, text in
      let type = tensorType(text)
      return try graph.input("x\(position)", type.element, type.shape)
    }
    let results = try record?(graph, values) ?? graph.applyAny(op, values, site: CallSite())
    return "accepted, gives " + results.map { "\($0.type)" }.joined(separator: ", ")
  } catch let error as TenonError {
    return error.message
  } catch {
    return "\(error)"
  }
}

/// `f32[2, 3]` as a type.
func tensorType(_ text: String) -> TensorType {
  let open = text.firstIndex(of: "[")!
  let sizes = text[open...].dropFirst().dropLast().split(separator: ",")
  return TensorType(
    ElementType(name: text[..<open])!,
    Shape(sizes.map { Int($0.filter { $0 != " " })! }))
}

/// Checks each refusal of a table.
func expectRefusals(
  _ table: [(op: any Op, types: [String], message: String)],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  for (op, types, message) in table {
    let name = type(of: op).name
    #expect(
      refusal(op, types) == "\(name): \(message)", "\(types)", sourceLocation: sourceLocation)
  }
}
