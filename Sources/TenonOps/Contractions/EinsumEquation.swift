/// An einsum equation read into labels: one list for each operand, and the result's.
struct EinsumEquation {
  var operands: [[Character]]
  var result: [Character]

  /// Nil where the text is not like `ij,jk->ik`. Without an arrow, the result has the labels that
  /// occur once, in alphabetical order.
  init?(_ text: String) {
    let letters = text.filter { $0 != " " }
    let sides: [Substring]
    if let arrow = letters.firstRange(of: "->") {
      sides = [letters[..<arrow.lowerBound], letters[arrow.upperBound...]]
    } else {
      sides = [letters[...]]
    }
    operands = sides[0].split(separator: ",", omittingEmptySubsequences: false).map { Array($0) }
    let all = operands.flatMap { $0 }
    guard all.allSatisfy(\.isLetter) else { return nil }
    if sides.count == 2 {
      result = Array(sides[1])
      guard result.allSatisfy({ all.contains($0) }),
        result.indices.allSatisfy({ !result[..<$0].contains(result[$0]) })
      else { return nil }
    } else {
      var once: [Character] = []
      for label in all where all.count(where: { $0 == label }) == 1 { once.append(label) }
      result = once.sorted()
    }
  }
}
