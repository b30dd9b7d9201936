import TenonTensor
import Testing

/// Expects `body` to throw a `TenonError` with exactly this text.
func expectError(
  _ text: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> some Any
) {
  do {
    _ = try body()
    Issue.record("nothing was thrown; expected: \(text)", sourceLocation: sourceLocation)
  } catch let error as TenonError {
    #expect(error.description == text, sourceLocation: sourceLocation)
  } catch {
    Issue.record("another error was thrown: \(error)", sourceLocation: sourceLocation)
  }
}
