/// What every module of Tenon throws for a mistake of the user's or for bad input.
///
/// Its text is, in order: a first line with the op, pass or file, the rule broken and the way out;
/// indented details; where in the user's code; and the contexts in which it happened.
public struct TenonError: Error, Hashable, Sendable {
  /// A stable name for the kind of mistake, for code that reacts to it: `shape-mismatch`.
  public struct Code: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let name: String
    public init(_ name: String) { self.name = name }
    public init(stringLiteral value: String) { name = value }
    public var description: String { name }
  }

  public var code: Code
  /// The op, pass or file, the rule broken, the way out.
  public var message: String
  /// One fact a line, printed indented.
  public var details: [String]
  /// The place in the user's code or model, printed after `at`.
  public var location: String?
  /// What was under way, innermost first: `while importing node conv_3`, `in pass fuse`.
  public var context: [String]

  public init(
    _ code: Code, _ message: String, details: [String] = [], location: String? = nil,
    context: [String] = []
  ) {
    self.code = code
    self.message = message
    self.details = details
    self.location = location
    self.context = context
  }

  /// The same error, with one more context around it.
  public func inContext(_ line: String) -> TenonError {
    var error = self
    error.context.append(line)
    return error
  }

  /// Runs `body`, adding `context` to a `TenonError` it throws.
  public static func inContext<Result>(
    _ context: @autoclosure () -> String, _ body: () throws -> Result
  ) throws -> Result {
    do { return try body() } catch let error as TenonError { throw error.inContext(context()) }
  }
}

extension TenonError: CustomStringConvertible {
  public var description: String {
    var lines = [message]
    lines += details.map { "  " + $0 }
    if let location { lines.append("  at " + location) }
    lines += context.map { "  " + $0 }
    return lines.joined(separator: "\n")
  }
}
