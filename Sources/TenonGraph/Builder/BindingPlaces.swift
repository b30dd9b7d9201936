/// Finds a binding in a list that grows at its end, without a look at each of the others.
struct BindingPlaces {
  private var entry = -1
  private var places: [Binding: Int] = [:]

  /// Where `binding` is in the list of an entry.
  mutating func place(of binding: Binding, in list: [Binding], _ entry: Int) -> Int? {
    if self.entry != entry || places.count > list.count {
      self.entry = entry
      places = [:]
    }
    for place in places.count..<list.count { places[list[place]] = place }
    return places[binding]
  }
}
