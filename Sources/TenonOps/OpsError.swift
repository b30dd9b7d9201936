import TenonGraph
import TenonTensor

extension TenonError {
  static func scalarOutOfRange(_ number: String, _ element: ElementType) -> TenonError {
    TenonError("scalar", "scalar: \(number) is not a number that \(element) can hold")
  }

  static func axisRange(_ op: String, _ axis: Int, _ x: Value, _ site: CallSite) -> TenonError {
    TenonError(
      "axis", "\(op): axis \(axis) is out of range for rank \(x.rank)",
      details: ["operand: \(x)"], location: x.graph.line(of: site))
  }

  static func sizeReadTwice(_ name: String, _ number: Value, _ site: CallSite) -> TenonError {
    TenonError(
      "symbol-conflict", "read_size: the graph has a size \(name) already; choose another name",
      details: ["operand: \(number)"], location: number.graph.line(of: site))
  }

  static func unboundedSize(_ op: String, _ x: Value, _ site: CallSite) -> TenonError {
    TenonError(
      "size-unbounded",
      "\(op): the number of elements has no bound; give the sizes of the shape a maximum",
      details: ["operand: \(x)"], location: x.graph.line(of: site))
  }

  static func notTruth(_ op: String, _ x: Value, _ site: CallSite) -> TenonError {
    TenonError(
      "element-type", "\(op): the elements must be bool; compare first",
      details: ["operand: \(x)"], location: x.graph.line(of: site))
  }

  static func tooManyTrips(_ most: Int) -> TenonError {
    TenonError(
      "maximum-trips",
      "while: the condition still holds after \(most) trips; raise maximumTrips or end the loop")
  }

  static func nothingCarried(_ op: String) -> TenonError {
    TenonError("operand-count", "\(op): needs at least one value")
  }

  static func unknownChannels(_ op: String, _ x: Value, _ site: CallSite) -> TenonError {
    TenonError(
      "shape-mismatch", "\(op): needs (batch, channels, spatial…) with a known number of channels",
      details: ["operand: \(x)"], location: x.graph.line(of: site))
  }

  static func notProbability(_ op: String, _ given: Double) -> TenonError {
    TenonError("probability", "\(op): the probability must lie between 0 and 1, given \(given)")
  }

  static func nothingToJoin(_ op: String) -> TenonError {
    TenonError("operand-count", "\(op): needs at least one value")
  }
}

extension Graph {
  /// `Sources/main.swift:12`, for messages of functions that check before an op does.
  func line(of site: CallSite) -> String? { origins.primaryLine(origins.leaf(site)) }
}
