import TenonTensor

/// The index of a buffer in `Plan.buffers`.
public struct BufferID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public var index: Int
  public init(_ index: Int) { self.index = index }
  public static func < (a: BufferID, b: BufferID) -> Bool { a.index < b.index }
  public var description: String { "b\(index)" }
}

/// Bytes that steps read and write, at a place that the plan has decided.
public struct PlanBuffer: Hashable, Sendable {
  public enum Place: Hashable, Sendable {
    /// Bytes from the start of the instance's arena, a multiple of 64.
    case arena(Int)
    /// The index into `Plan.constants`.
    case constant(Int)
    /// The index into `Plan.variables`.
    case variable(Int)
    /// The index into `Plan.inputs`.
    case input(Int)
    /// The index into `Plan.outputs`.
    case output(Int)
    /// Bytes from the start of the prepared store, a multiple of 64.
    case prepared(Int)
    /// A part of another buffer, `byteOffset` bytes from its start.
    case alias(of: BufferID, byteOffset: Int)
  }

  /// What messages and `inspect --memory` call it.
  public var name: String
  public var place: Place
  /// Bytes it takes with every running size at its maximum.
  public var byteCount: Int
  public var elementType: ElementType
  /// Its sizes; a running step reads a dense row-major tensor of them.
  public var shape: Shape
  /// The first step that touches it, numbered over `Plan.steps` flattened in order; for the
  /// memory table only.
  public var firstStep: Int
  public var lastStep: Int

  public init(
    name: String, place: Place, byteCount: Int, elementType: ElementType, shape: Shape,
    firstStep: Int = 0, lastStep: Int = 0
  ) {
    self.name = name
    self.place = place
    self.byteCount = byteCount
    self.elementType = elementType
    self.shape = shape
    self.firstStep = firstStep
    self.lastStep = lastStep
  }
}
