import TenonTensor

/// Where a buffer lies once aliases are followed.
struct ResolvedPlace: Hashable, Sendable {
  enum Base: Hashable, Sendable {
    case arena
    case prepared
    case constant(Int)
    case variable(Int)
    case input(Int)
    case output(Int)
  }

  var base: Base
  /// Bytes from the start of the base.
  var offset: Int
}

extension Plan {
  /// The place of a buffer; the plan has been verified, so aliases end.
  func resolvedPlace(of buffer: BufferID) -> ResolvedPlace {
    var offset = 0
    var at = buffer
    while true {
      switch buffers[at.index].place {
      case .arena(let start): return ResolvedPlace(base: .arena, offset: start + offset)
      case .prepared(let start): return ResolvedPlace(base: .prepared, offset: start + offset)
      case .constant(let index): return ResolvedPlace(base: .constant(index), offset: offset)
      case .variable(let index): return ResolvedPlace(base: .variable(index), offset: offset)
      case .input(let index): return ResolvedPlace(base: .input(index), offset: offset)
      case .output(let index): return ResolvedPlace(base: .output(index), offset: offset)
      case .alias(let other, let byteOffset):
        offset += byteOffset
        at = other
      }
    }
  }
}
