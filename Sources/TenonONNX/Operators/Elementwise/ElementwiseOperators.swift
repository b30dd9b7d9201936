import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Operators on single elements, broadcast as NumPy does.
  static let elementwise: [ONNXOperator] =
    unaryFunctions + arithmetic + comparisons + [bitCast, cast, castLike, clip]

  private static let unaryFunctions: [ONNXOperator] = [
    unary("Abs", since: [1, 6, 13]) { try $0.isUnsigned ? $0 : abs($0) },
    unary("Acos", since: [7, 22]) { try acos($0) },
    unary("Acosh", since: [9, 22]) { try acosh($0) },
    unary("Asin", since: [7, 22]) { try asin($0) },
    unary("Asinh", since: [9, 22]) { try asinh($0) },
    unary("Atan", since: [7, 22]) { try atan($0) },
    unary("Atanh", since: [9, 22]) { try atanh($0) },
    unary("BitwiseNot", since: [18]) { try not($0) },
    unary("Ceil", since: [1, 6, 13]) { try ceil($0) },
    unary("Cos", since: [7, 22]) { try cos($0) },
    unary("Cosh", since: [9, 22]) { try cosh($0) },
    unary("Erf", since: [9, 13]) { try erf($0) },
    unary("Exp", since: [1, 6, 13]) { try exp($0) },
    unary("Floor", since: [1, 6, 13]) { try floor($0) },
    ONNXOperator(values: "Identity", since: [1, 13, 14, 16, 19, 21, 23, 24, 25]) {
      [try $0.value(0)]
    },
    unary("Log", since: [1, 6, 13]) { try log($0) },
    unary("Neg", since: [1, 6, 13]) { try -$0 },
    unary("Not", since: [1]) { try not($0) },
    unary("Reciprocal", since: [1, 6, 13]) { try 1 / $0 },
    unary("Round", since: [11, 22]) { try round($0) },
    unary("Sign", since: [9, 13]) { try $0.isUnsigned ? minimum($0, 1) : sign($0) },
    unary("Sin", since: [7, 22]) { try sin($0) },
    unary("Sinh", since: [9, 22]) { try sinh($0) },
    unary("Sqrt", since: [1, 6, 13]) { try sqrt($0) },
    unary("Tan", since: [7, 22]) { try tan($0) },
    unary("Tanh", since: [1, 6, 13]) { try tanh($0) },
  ]

  private static let arithmetic: [ONNXOperator] = [
    binary("Add", since: [1, 6, 7, 13, 14]) { try $0 + $1 },
    bitShift,
    binary("BitwiseAnd", since: [18]) { try and($0, $1) },
    binary("BitwiseOr", since: [18]) { try or($0, $1) },
    binary("BitwiseXor", since: [18]) { try xor($0, $1) },
    binary("Div", since: [1, 6, 7, 13, 14]) { try $0 / $1 },
    variadic("Max", since: [1, 6, 8, 12, 13]) { try maximum($0, $1) },
    ONNXOperator("Mean", since: [1, 6, 8, 13]) { node in
      let total = try node.combined { try $0 + $1 }
      return try total / node.inputCount
    },
    variadic("Min", since: [1, 6, 8, 12, 13]) { try minimum($0, $1) },
    modulo,
    binary("Mul", since: [1, 6, 7, 13, 14]) { try $0 * $1 },
    power,
    binary("Sub", since: [1, 6, 7, 13, 14]) { try $0 - $1 },
    variadic("Sum", since: [1, 6, 8, 13]) { try $0 + $1 },
  ]

  private static let comparisons: [ONNXOperator] = [
    binary("And", since: [1, 7]) { try and($0, $1) },
    comparison("Equal", .equal, since: [1, 7, 11, 13, 19]),
    comparison("Greater", .greater, since: [1, 7, 9, 13]),
    comparison("GreaterOrEqual", .greaterOrEqual, since: [12, 16]),
    isInfinite,
    isNaN,
    comparison("Less", .less, since: [1, 7, 9, 13]),
    comparison("LessOrEqual", .lessOrEqual, since: [12, 16]),
    binary("Or", since: [1, 7]) { try or($0, $1) },
    choose,
    binary("Xor", since: [1, 7]) { try xor($0, $1) },
  ]

  // MARK: Forms of lines

  /// An operator that maps each element of its input.
  static func unary(
    _ name: String, since: [Int], _ record: @escaping @Sendable (Value) throws -> Value
  ) -> ONNXOperator {
    ONNXOperator(name, since: since) { try record($0.input(0)) }
  }

  /// An operator on two inputs, which are broadcast to one shape first.
  static func binary(
    _ name: String, since: [Int], _ record: @escaping @Sendable (Value, Value) throws -> Value
  ) -> ONNXOperator {
    ONNXOperator(name, since: since) { node in
      let (a, b) = try node.broadcastOperands()
      return try record(a, b)
    }
  }

  /// An operator on one input or more, which are broadcast to one shape and combined in order.
  static func variadic(
    _ name: String, since: [Int], _ record: @escaping @Sendable (Value, Value) throws -> Value
  ) -> ONNXOperator {
    ONNXOperator(name, since: since) { try $0.combined(record) }
  }

  private static func comparison(_ name: String, _ direction: Comparison, since: [Int])
    -> ONNXOperator
  {
    ONNXOperator(name, since: since) { node in
      let (a, b) = try node.broadcastOperands()
      try node.require(a.elementType != .string, "strings are not compared")
      return try node.graph.apply1(Compare(direction), [a, b], site: CallSite())
    }
  }
}

extension Value {
  /// Whether the elements are integers without sign.
  var isUnsigned: Bool { elementType.isUnsignedInteger }
}

extension ONNXNode {
  /// Inputs 0 and 1 in one shape. Before version 7, the second is broadcast only where the
  /// attribute `broadcast` says so, and from `axis` on.
  func broadcastOperands() throws -> (Value, Value) {
    let (a, b) = (try input(0), try input(1))
    guard version < 7 else { return try broadcast(a, b) }
    guard try flag("broadcast"), let first = try integer("axis") else {
      return try broadcast(a, b)
    }
    let start = try axis(first, rank: a.rank)
    try require(start + b.rank <= a.rank, "axis \(first) leaves no room for the second input")
    let repeated = try graph.apply1(
      BroadcastInDim(shape: a.shape, dimensions: b.shape.indices.map { start + $0 }), [b],
      site: CallSite())
    return (a, repeated)
  }

  /// All inputs, broadcast to one shape, combined from the first on.
  func combined(_ combine: (Value, Value) throws -> Value) throws -> Value {
    let values = try broadcast(inputs())
    guard let first = values.first else { throw fail("needs an input") }
    return try values.dropFirst().reduce(first) { try combine($0, $1) }
  }
}
