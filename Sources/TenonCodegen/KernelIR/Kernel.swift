import TenonGraph
import TenonTensor

/// One kernel as loops over typed values: what schedules write and every emitter reads.
///
/// The body computes one tile, whose number is loop variable 0. Indices are `IndexExpression`s in
/// which `.axis(n)` is loop variable n and `.scalar(n)` is the i64 value n; sizes in them are
/// expressions over `parameters`, whose numbers the kernel gets as arguments.
package struct Kernel: Hashable, Sendable {
  /// Memory that the caller hands in: dense elements.
  package struct Buffer: Hashable, Sendable {
    package var element: ElementType
    package var isOutput: Bool
    /// Whether whole vectors are written past the caches, as nothing reads them soon.
    package var isStreamed: Bool

    package init(element: ElementType, isOutput: Bool, isStreamed: Bool = false) {
      self.element = element
      self.isOutput = isOutput
      self.isStreamed = isStreamed
    }
  }

  /// A part of the thread's scratch memory, 64-byte aligned; undefined when a tile begins.
  package struct Scratch: Hashable, Sendable {
    package var element: ElementType
    /// How many elements it can hold.
    package var count: Int

    package init(element: ElementType, count: Int) {
      self.element = element
      self.count = count
    }

    /// Bytes it takes, a multiple of 64 with room for one vector past the end.
    package var byteCount: Int { (count * element.byteWidth + 127) / 64 * 64 }
  }

  /// A mutable value, or an array of them whose indices are constants after unrolling.
  package struct Register: Hashable, Sendable {
    package var type: LaneType
    package var extents: [Int]

    package init(type: LaneType, extents: [Int] = []) {
      self.type = type
      self.extents = extents
    }
  }

  /// The sizes read at run time, in the order of the kernel's size arguments.
  package var parameters: [Symbol]
  package var buffers: [Buffer]
  package var scratch: [Scratch]
  package var registers: [Register]
  /// The type of each value.
  package var types: [LaneType]
  /// How many loop variables there are; variable 0 is the tile's number.
  package var loopCount: Int
  package var tiles: Dimension
  package var body: [Statement]

  package init(parameters: [Symbol] = [], buffers: [Buffer] = []) {
    self.parameters = parameters
    self.buffers = buffers
    scratch = []
    registers = []
    types = []
    loopCount = 1
    tiles = 1
    body = []
  }

  /// Bytes of scratch memory that a thread needs.
  package var scratchBytes: Int { scratch.reduce(0) { $0 + $1.byteCount } }

  /// Bytes from the start of the scratch memory to each of its parts.
  package var scratchOffsets: [Int] {
    var next = 0
    return scratch.map { part in
      defer { next += part.byteCount }
      return next
    }
  }

  package func type(_ value: ValueIndex) -> LaneType { types[value.index] }
}

/// A value of a kernel: a scalar (one lane) or a vector.
package typealias ValueIndex = ScalarID

/// The type of a value: elements of one type side by side.
///
/// A `bool` value is a truth value (a mask, where it has lanes); an f16 or bf16 value, and one of
/// the narrower storage types, is its bits and takes part in conversions only.
package struct LaneType: Hashable, Sendable, CustomStringConvertible {
  package var element: ElementType
  package var lanes: Int

  package init(_ element: ElementType, lanes: Int = 1) {
    self.element = element
    self.lanes = lanes
  }

  package func with(element: ElementType) -> LaneType { LaneType(element, lanes: lanes) }
  package func with(lanes: Int) -> LaneType { LaneType(element, lanes: lanes) }

  /// `f32x16`; `f32` with one lane.
  package var description: String { lanes == 1 ? "\(element)" : "\(element)x\(lanes)" }
}

/// Where a load reads or a store writes.
package enum Memory: Hashable, Sendable, CustomStringConvertible {
  case buffer(Int)
  case scratch(Int)

  package var description: String {
    switch self {
    case .buffer(let number): "b\(number)"
    case .scratch(let number): "t\(number)"
    }
  }
}

/// An element of memory, counted in elements from its start.
package struct Address: Hashable, Sendable, CustomStringConvertible {
  package var memory: Memory
  package var offset: IndexExpression

  package init(_ memory: Memory, _ offset: IndexExpression) {
    self.memory = memory
    self.offset = offset
  }

  package var description: String { "\(memory)[\(offset)]" }
}
