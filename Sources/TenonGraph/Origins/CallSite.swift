public import CTenonKernels

/// A place in the user's code from which a node was recorded.
///
/// Functions, methods, subscripts and layers record a source location through default arguments:
/// `fileID: StaticString = #fileID, line: UInt = #line`. Operators cannot take default arguments
/// and record `here()`. Neither allocates nor does string work; an `OriginTable` turns both into
/// the same text, `Module/File.swift:12`.
public struct CallSite: Sendable {
  @usableFromInline
  package enum Place: Sendable {
    case source(fileID: StaticString, line: UInt)
    case code(TenonReturnAddresses)
  }

  @usableFromInline package let place: Place

  /// A line of source text.
  @inlinable
  public init(fileID: StaticString = #fileID, line: UInt = #line) {
    place = .source(fileID: fileID, line: line)
  }

  /// A place in machine code: the address after the call, and the callers around it.
  @inlinable
  public init(_ addresses: TenonReturnAddresses) {
    place = .code(addresses)
  }
}

/// The place in machine code of the function that calls this, for operators:
///
///     @_transparent
///     public static func + (a: Value, b: Value) throws -> Value {
///       try a.graph.apply(Add(), a, b, site: here())
///     }
///
/// The operator must be `@_transparent`, so that the place is its caller and not the operator.
@_transparent
public func here() -> CallSite {
  CallSite(tenon_capture_here())
}
