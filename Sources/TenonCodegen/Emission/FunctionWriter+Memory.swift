import TenonGraph
import TenonTensor

// Loads and stores in C.
extension FunctionWriter {
  private func element(_ memory: Memory) -> ElementType {
    switch memory {
    case .buffer(let number): kernel.buffers[number].element
    case .scratch(let number): kernel.scratch[number].element
    }
  }

  /// A pointer to the address.
  func pointer(_ address: Address) -> String {
    let offset = expression(address.offset)
    return offset == "0l" ? "\(address.memory)" : "\(address.memory) + \(offset)"
  }

  /// A load as a C expression, and for `bool` vectors the bytes of a lane of the mask.
  mutating func load(_ operation: Operation, _ type: LaneType) -> (String, Int?) {
    // A `bool` is a byte in memory.
    let stored = type.element == .bool ? type.with(element: .u8) : type
    let isMask = type.element == .bool && type.lanes > 1
    var text: String
    switch operation {
    case .load(let address, let count, let condition, let fill):
      if let condition, let fill, kernel.type(condition).lanes > 1 {
        let chosen = mask(condition, bytes: stored.element.byteWidth)
        let other = isMask ? byteMask(fill, stored) : name(fill)
        text = "\(source.loadMasked(stored))(\(pointer(address)), \(chosen), \(other))"
        if isMask { text = "(\(source.type(type.with(element: .i8))))(\(text) != 0)" }
        return (text, isMask ? 1 : nil)
      }
      if type.lanes == 1 {
        text = "\(address.memory)[\(expression(address.offset))]"
        if type.element == .bool { text = "(\(text) != 0)" }
      } else if let count {
        text = "\(source.loadFirst(stored))(\(pointer(address)), \(name(count)))"
      } else {
        text = "*(const \(source.type(stored))_at *)(\(pointer(address)))"
      }
      if isMask { text = "(\(source.type(type.with(element: .i8))))(\(text) != 0)" }
      if let condition, let fill {
        let other = isMask ? mask(fill, bytes: 1) : name(fill)
        text = "\(name(condition)) ? \(text) : \(other)"
      }
    case .loadStrided(let address, let step, let condition, let fill):
      let other =
        isMask
        ? byteMask(fill, stored)
        : fill.map { name($0) } ?? "(\(source.type(stored)))(0)"
      let chosen =
        condition.map { mask($0, bytes: 4) }
        ?? "(\(source.type(type.with(element: .i32))))(-1)"
      text = "\(source.loadStrided(stored, step: step))(\(pointer(address)), \(chosen), \(other))"
      if isMask { text = "(\(source.type(type.with(element: .i8))))(\(text) != 0)" }
    case .gather(let address, let indices, let condition, let fill):
      let arguments = "\(pointer(address)), \(name(indices))"
      if let condition {
        let other =
          isMask
          ? byteMask(fill, stored)
          : fill.map { name($0) } ?? "(\(source.type(stored)))(0)"
        text =
          "\(source.gatherMasked(stored))(\(arguments), "
          + "\(mask(condition, bytes: 4)), \(other))"
      } else {
        text = "\(source.gather(stored))(\(arguments))"
      }
      if isMask { text = "(\(source.type(type.with(element: .i8))))(\(text) != 0)" }
    default: preconditionFailure("internal: no load")
    }
    return (text, isMask ? 1 : nil)
  }

  /// A `bool` vector as bytes.
  mutating func byteMask(_ value: ValueIndex?, _ stored: LaneType) -> String {
    guard let value else { return "(\(source.type(stored)))(0)" }
    return "(\(source.type(stored)))(-\(mask(value, bytes: 1)))"
  }

  mutating func prefetch(_ address: Address, _ level: CacheLevel) {
    line("__builtin_prefetch(\(pointer(address)), 0, \(level == .first ? 3 : 2));")
  }

  mutating func store(_ address: Address, _ value: ValueIndex, count: ValueIndex?) {
    let type = kernel.type(value)
    var text = name(value)
    var stored = type
    if type.element == .bool, type.lanes > 1 {
      stored = type.with(element: .u8)
      text = byteMask(value, stored)
    }
    if type.lanes == 1 {
      line("\(address.memory)[\(expression(address.offset))] = \(text);")
    } else if let count {
      line("\(source.storeFirst(stored))(\(pointer(address)), \(text), \(name(count)));")
    } else if isStreamed(address.memory),
      stored.lanes * stored.element.byteWidth == source.target.vectorBytes
    {
      line("\(source.storeStreamed(stored))(\(pointer(address)), \(text));")
    } else {
      line("*(\(source.type(stored))_at *)(\(pointer(address))) = \(text);")
    }
  }

  private func isStreamed(_ memory: Memory) -> Bool {
    if case .buffer(let number) = memory { kernel.buffers[number].isStreamed } else { false }
  }
}
