/// Finds the index of an equal entry of an array kept elsewhere: an open hash table of indices.
///
/// The order of the indices is the order of insertion; nothing iterates the table.
struct InternTable {
  private var slots: [Int32] = Array(repeating: -1, count: 64)
  private var count = 0

  /// The index of the entry that `isEqual` accepts, or nil after the entry `next` was added.
  /// `hash` is the hash of the entry sought, `hashOf` gives that of an entry already present.
  @inline(__always)
  mutating func find(
    hash: UInt, orInsert next: Int32, isEqual: (Int32) -> Bool, hashOf: (Int32) -> UInt
  ) -> Int32? {
    if count * 2 >= slots.count { grow(hashOf) }
    let mask = UInt(slots.count - 1)
    var position = hash & mask
    while true {
      let entry = slots[Int(position)]
      if entry < 0 {
        slots[Int(position)] = next
        count += 1
        return nil
      }
      if isEqual(entry) { return entry }
      position = (position &+ 1) & mask
    }
  }

  private mutating func grow(_ hashOf: (Int32) -> UInt) {
    let old = slots
    slots = Array(repeating: -1, count: old.count * 2)
    let mask = UInt(slots.count - 1)
    for entry in old where entry >= 0 {
      var position = hashOf(entry) & mask
      while slots[Int(position)] >= 0 { position = (position &+ 1) & mask }
      slots[Int(position)] = entry
    }
  }

  /// Mixes one more word into a hash.
  @inline(__always)
  static func mix(_ hash: UInt, _ word: UInt) -> UInt {
    let product = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
    return product ^ (product >> 32)
  }
}
