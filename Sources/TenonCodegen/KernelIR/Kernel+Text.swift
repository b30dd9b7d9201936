import TenonGraph
import TenonTensor

extension Kernel: CustomStringConvertible {
  /// The kernel's text: one line a statement, in which equal kernels are equal. It is what the
  /// cache's key is made of.
  package var description: String {
    var printer = KernelPrinter(kernel: self)
    printer.print()
    return printer.text
  }
}

private struct KernelPrinter {
  let kernel: Kernel
  var text = ""
  var depth = 1

  mutating func print() {
    text = "kernel(" + kernel.parameters.map(\.name).joined(separator: ", ") + ")"
    text += " tiles \(kernel.tiles) {\n"
    for (number, buffer) in kernel.buffers.enumerated() {
      let kind = buffer.isStreamed ? "streamed output" : buffer.isOutput ? "output" : "input"
      line("b\(number) = \(kind) \(buffer.element)")
    }
    for (number, part) in kernel.scratch.enumerated() {
      line("t\(number) = scratch \(part.element)[\(part.count)]")
    }
    for (number, register) in kernel.registers.enumerated() {
      let extents = register.extents.map { "[\($0)]" }.joined()
      line("r\(number) = register \(register.type)\(extents)")
    }
    kernel.body.forEach { print($0) }
    text += "}\n"
  }

  mutating func line(_ content: String) {
    text += String(repeating: "  ", count: depth) + content + "\n"
  }

  mutating func block(_ header: String, _ body: [Statement]) {
    line(header + " {")
    depth += 1
    body.forEach { print($0) }
    depth -= 1
    line("}")
  }

  mutating func print(_ statement: Statement) {
    switch statement {
    case .define(let value, let operation):
      line("s\(value.rawValue) \(kernel.type(value)) = \(operation)")
    case .set(let place, let value):
      line("\(place) = s\(value.rawValue)")
    case .store(let address, let value, let count):
      line(
        "store \(address), s\(value.rawValue)"
          + (count.map { ", count s\($0.rawValue)" } ?? ""))
    case .prefetch(let address, let level): line("prefetch \(address), level \(level.rawValue)")
    case .tiles(let product, let step): line("\(product): \(step)")
    case .loop(let loop):
      let copies = loop.copies == 1 ? "" : "copies(\(loop.copies)) "
      let kind = loop.kind == .unrolled ? "unrolled" : copies + "for"
      let step = loop.step == 1 ? "" : " step \(loop.step)"
      block("\(kind) i\(loop.variable) in \(loop.lower) ..< \(loop.upper)\(step)", loop.body)
    case .conditional(let condition, let first, let second):
      block("if s\(condition.rawValue)", first)
      if !second.isEmpty { block("else", second) }
    }
  }
}

extension Operation: CustomStringConvertible {
  /// `add s1, s2`, `load b0[i1 + 4], count s3`.
  package var description: String {
    func list(_ values: ValueIndex...) -> String {
      values.map { "s\($0.rawValue)" }.joined(separator: ", ")
    }
    func optional(_ name: String, _ value: ValueIndex?) -> String {
      value.map { ", \(name) s\($0.rawValue)" } ?? ""
    }
    switch self {
    case .float(let value): return "float \(value)"
    case .integer(let value): return "integer \(value)"
    case .index(let index): return "index \(index)"
    case .laneNumber: return "lane"
    case .splat(let a): return "splat \(list(a))"
    case .load(let address, let count, let mask, let fill):
      return "load \(address)" + optional("count", count) + optional("mask", mask)
        + optional("fill", fill)
    case .loadStrided(let address, let step, let mask, let fill):
      return "loadStrided \(address), step \(step)" + optional("mask", mask)
        + optional("fill", fill)
    case .gather(let address, let indices, let mask, let fill):
      return "gather \(address), \(list(indices))" + optional("mask", mask)
        + optional("fill", fill)
    case .read(let place): return "read \(place)"
    case .unary(let function, let a): return "\(function.rawValue) \(list(a))"
    case .binary(let function, let a, let b): return "\(function.rawValue) \(list(a, b))"
    case .multiplyAdd(let a, let b, let c): return "multiplyAdd \(list(a, b, c))"
    case .dotProduct(let a, let b, let c): return "dotProduct \(list(a, b, c))"
    case .floorDivide(let a, let b): return "floorDivide \(list(a, b))"
    case .floorRemainder(let a, let b): return "floorRemainder \(list(a, b))"
    case .compare(let comparison, let a, let b): return "\(comparison.rawValue) \(list(a, b))"
    case .select(let a, let b, let c): return "select \(list(a, b, c))"
    case .convert(let a): return "convert \(list(a))"
    case .bitcast(let a): return "bitcast \(list(a))"
    case .combineLanes(let function, let a): return "combineLanes \(function.rawValue) \(list(a))"
    case .interleave(let a, let b, let upper):
      return "interleave \(upper ? "upper" : "lower") \(list(a, b))"
    case .allLanes(let a): return "allLanes \(list(a))"
    case .isSameMemory(let a, let b): return "isSameMemory b\(a), b\(b)"
    }
  }
}
