import TenonTensor

/// What the prepare steps of a plan keep, shared by its instances; filled by one of them while no
/// other runs, or what the plan brings.
final class PreparedStore: @unchecked Sendable {
  /// Written by prepare steps only.
  let bytes: UnsafeMutableRawPointer
  var isFilled: Bool
  /// Whose the bytes are.
  private let owner: AnyObject

  /// - Throws: `out-of-memory`.
  init(_ plan: Plan) throws {
    if let store = plan.preparedStore {
      (bytes, owner) = (store.storage.bytes + store.byteOffset, store.storage)
    } else {
      let memory = try MappedMemory(
        byteCount: plan.preparedBytes, for: "prepared store of \(plan.name)")
      (bytes, owner) = (memory.bytes, memory)
    }
    isFilled = plan.preparedStore != nil
  }
}
