/// A key of an `InternTable`: a few words that compare and hash without following a pointer.
protocol InternKey: Equatable {
  var hash: UInt { get }
}

/// Keys, each stored once with the ID given to it: an open hash table.
///
/// Keys are indexed in the order of insertion; nothing iterates the table.
struct InternTable<Key: InternKey> {
  private(set) var keys: [Key] = []
  private var ids: [Int32] = []
  private var slots: [Int32] = Array(repeating: -1, count: 64)

  /// The ID of a key, or nil after the key was added with the ID `next`.
  @inline(__always)
  mutating func find(_ key: Key, orInsert next: Int32) -> Int32? {
    if keys.count * 2 >= slots.count { grow() }
    let mask = UInt(slots.count - 1)
    var position = key.hash & mask
    while true {
      let index = slots[Int(position)]
      if index < 0 { break }
      if keys[Int(index)] == key { return ids[Int(index)] }
      position = (position &+ 1) & mask
    }
    slots[Int(position)] = Int32(keys.count)
    keys.append(key)
    ids.append(next)
    return nil
  }

  /// The ID of a key; nil where it is not in the table.
  @inline(__always)
  func find(_ key: Key) -> Int32? {
    let mask = UInt(slots.count - 1)
    var position = key.hash & mask
    while slots[Int(position)] >= 0 {
      let index = Int(slots[Int(position)])
      if keys[index] == key { return ids[index] }
      position = (position &+ 1) & mask
    }
    return nil
  }

  @inline(never)
  private mutating func grow() {
    slots = Array(repeating: -1, count: slots.count * 2)
    let mask = UInt(slots.count - 1)
    for index in keys.indices {
      var position = keys[index].hash & mask
      while slots[Int(position)] >= 0 { position = (position &+ 1) & mask }
      slots[Int(position)] = Int32(index)
    }
  }
}

/// Mixes one more word into a hash.
@inline(__always)
func mixed(_ hash: UInt, _ word: UInt) -> UInt {
  let product = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
  return product ^ (product >> 32)
}
