/// What the prepare steps of a plan keep, shared by its instances; filled by one of them while no
/// other runs.
final class PreparedStore: @unchecked Sendable {
  let memory: MappedMemory
  var isFilled = false

  init(_ plan: Plan) throws {
    memory = try MappedMemory(
      byteCount: plan.preparedBytes, for: "prepared store of \(plan.name)")
  }
}
