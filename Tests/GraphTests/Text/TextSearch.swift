extension String {
  /// How often `part` comes in the text, without overlaps.
  func count(of part: String) -> Int {
    let (text, part) = (Array(utf8), Array(part.utf8))
    var (count, place) = (0, 0)
    while place + part.count <= text.count {
      if text[place..<place + part.count].elementsEqual(part) {
        count += 1
        place += part.count
      } else {
        place += 1
      }
    }
    return count
  }
}
