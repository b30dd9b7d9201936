import TenonGraph
import TenonTensor

// Values in C.
extension FunctionWriter {
  mutating func define(_ value: ValueIndex, _ operation: Operation) {
    let type = kernel.type(value)
    let (text, bytes) = expression(operation, type, value)
    if let bytes { maskBytes[value] = bytes }
    let isLiteral: Bool
    switch operation {
    case .integer, .float: isLiteral = type.lanes == 1
    default: isLiteral = false
    }
    if isLiteral {
      names[value] = text
    } else {
      let name = "v\(value.rawValue)"
      line("const \(valueType(type, maskBytes: bytes ?? 4)) \(name) = \(text);")
      names[value] = name
    }
    noteSign(value, operation)
    switch operation {
    case .unary(.errorFunction, _), .float(1): definitions[value] = operation
    case .splat(let a): definitions[value] = definitions[a] == .float(1) ? .float(1) : nil
    default: definitions[value] = nil
    }
  }

  private mutating func noteSign(_ value: ValueIndex, _ operation: Operation) {
    let natural: Bool
    switch operation {
    case .integer(let number): natural = number >= 0
    case .index(let index): natural = isNatural(index)
    case .binary(.minimum, let a, let b), .floorDivide(let a, let b):
      natural = naturalValues.contains(a) && naturalValues.contains(b)
    default: natural = false
    }
    if natural { naturalValues.insert(value) } else { naturalValues.remove(value) }
  }

  /// The operation as a C expression, and for `bool` vectors the bytes of a lane of the mask.
  private mutating func expression(
    _ operation: Operation, _ type: LaneType, _ value: ValueIndex
  ) -> (String, Int?) {
    let isMask = type.element == .bool && type.lanes > 1
    switch operation {
    case .float(let number):
      return (splat(CTypes.literal(number, type.element), type), nil)
    case .integer(let number):
      if isMask { return ("(\(valueType(type)))(\(number == 0 ? 0 : -1))", 4) }
      return (splat(CTypes.literal(number, type.element), type), nil)
    case .index(let index): return (expression(index), nil)
    case .laneNumber:
      let numbers = (0..<type.lanes).map { "\($0)" }.joined(separator: ", ")
      return ("(\(source.type(type))){\(numbers)}", nil)
    case .splat(let a):
      if isMask { return ("(\(valueType(type)))(-(i32)\(name(a)))", 4) }
      let part = kernel.type(a)
      if part.lanes > 1 { return ("\(source.repeated(part, lanes: type.lanes))(\(name(a)))", nil) }
      return (splat(name(a), type), nil)
    case .load, .loadStrided, .gather: return load(operation, type)
    case .read(let place): return (register(place), isMask ? 4 : nil)
    case .unary(let function, let a): return unary(function, a, type)
    case .binary(let function, let a, let b): return binary(function, a, b, type)
    case .multiplyAdd(let a, let b, let c):
      return ("MULTIPLY_ADD(\(name(a)), \(name(b)), \(name(c)))", nil)
    case .dotProduct(let a, let b, let c):
      let function = source.dotProduct(kernel.type(a), type)
      return ("\(function)(\(name(a)), \(name(b)), \(name(c)))", nil)
    case .floorDivide(let a, let b):
      return ("\(source.floorDivide(type))(\(name(a)), \(name(b)))", nil)
    case .floorRemainder(let a, let b):
      return ("\(source.floorRemainder(type))(\(name(a)), \(name(b)))", nil)
    case .compare(let comparison, let a, let b): return compare(comparison, a, b, type)
    case .select(let a, let b, let c): return select(a, b, c, type)
    case .convert(let a): return convert(a, to: type)
    case .bitcast(let a):
      let from = kernel.type(a)
      if CTypes.name(from) == CTypes.name(type) { return (name(a), nil) }
      return ("\(source.bitcast(from, to: type))(\(name(a)))", nil)
    case .combineLanes(let function, let a):
      let lanes = kernel.type(a)
      let bytes = lanes.element == .bool ? byteMask(a, lanes.with(element: .u8)) : name(a)
      return ("\(source.combineLanes(function, lanes))(\(bytes))", nil)
    case .interleave(let a, let b, let upper):
      let first = upper ? type.lanes / 2 : 0
      let lanes = (first..<first + type.lanes / 2).flatMap { ["\($0)", "\($0 + type.lanes)"] }
      let list = lanes.joined(separator: ", ")
      return ("__builtin_shufflevector(\(name(a)), \(name(b)), \(list))", nil)
    case .allLanes(let a):
      let mask = kernel.type(a).with(element: .i32)
      return ("\(source.combineLanes(.and, mask))(\(self.mask(a, bytes: 4))) != 0", nil)
    case .isSameMemory(let a, let b):
      return ("(const void *)b\(a) == (const void *)b\(b)", nil)
    }
  }

  /// A one-lane expression in each lane.
  mutating func splat(_ text: String, _ type: LaneType) -> String {
    type.lanes == 1 ? text : "(\(source.type(type)))(\(text))"
  }

  /// A `bool` vector as a mask whose lanes have `bytes` bytes.
  mutating func mask(_ value: ValueIndex, bytes: Int) -> String {
    let has = maskBytes[value] ?? 4
    if has == bytes { return name(value) }
    let type = LaneType(CTypes.integer(bytes: bytes), lanes: kernel.type(value).lanes)
    return "__builtin_convertvector(\(name(value)), \(source.type(type)))"
  }

  private mutating func compare(
    _ comparison: Comparison, _ a: ValueIndex, _ b: ValueIndex, _ type: LaneType
  ) -> (String, Int?) {
    let symbol =
      switch comparison {
      case .equal: "=="
      case .notEqual: "!="
      case .less: "<"
      case .lessOrEqual: "<="
      case .greater: ">"
      case .greaterOrEqual: ">="
      }
    guard type.lanes > 1 else { return ("\(name(a)) \(symbol) \(name(b))", nil) }
    let operand = kernel.type(a).element
    if operand == .bool {
      // True is -1 in a mask: the order is the other way round.
      let bytes = maskBytes[a] ?? 4
      let flipped = ["<": ">", "<=": ">=", ">": "<", ">=": "<="][symbol] ?? symbol
      let result = source.type(type.with(element: CTypes.integer(bytes: bytes)))
      let compared = "\(mask(a, bytes: bytes)) \(flipped) \(mask(b, bytes: bytes))"
      return ("(\(result))(\(compared))", bytes)
    }
    let bytes = operand.byteWidth
    let result = source.type(type.with(element: CTypes.integer(bytes: bytes)))
    return ("(\(result))(\(name(a)) \(symbol) \(name(b)))", bytes)
  }

  private mutating func select(
    _ condition: ValueIndex, _ a: ValueIndex, _ b: ValueIndex, _ type: LaneType
  ) -> (String, Int?) {
    guard type.lanes > 1 else { return ("\(name(condition)) ? \(name(a)) : \(name(b))", nil) }
    if type.element == .bool {
      let bytes = maskBytes[condition] ?? 4
      let chosen = mask(condition, bytes: bytes)
      return (
        "(\(chosen) & \(mask(a, bytes: bytes))) | (~\(chosen) & \(mask(b, bytes: bytes)))", bytes
      )
    }
    return ("\(mask(condition, bytes: type.element.byteWidth)) ? \(name(a)) : \(name(b))", nil)
  }

  private mutating func unary(
    _ function: UnaryFunction, _ a: ValueIndex, _ type: LaneType
  ) -> (String, Int?) {
    let operand = kernel.type(a)
    if operand.element == .bool {
      precondition(function == .not, "internal: \(function.rawValue) of a bool")
      return type.lanes == 1 ? ("!\(name(a))", nil) : ("~\(name(a))", maskBytes[a] ?? 4)
    }
    if function == .isFinite {
      let text = "\(source.isFinite(operand))(\(name(a)))"
      return (text, type.lanes > 1 ? operand.element.byteWidth : nil)
    }
    return (source.call(function, operand, name(a)), nil)
  }

  /// The argument of an error function to which 1 is added.
  private func errorFunctionPlusOne(_ a: ValueIndex, _ b: ValueIndex) -> ValueIndex? {
    guard definitions[b] == .float(1), case .unary(.errorFunction, let x) = definitions[a] else {
      return nil
    }
    return x
  }

  private mutating func binary(
    _ function: BinaryFunction, _ a: ValueIndex, _ b: ValueIndex, _ type: LaneType
  ) -> (String, Int?) {
    guard type.element == .bool else {
      if function == .add, type.element == .f32,
        let argument = errorFunctionPlusOne(a, b) ?? errorFunctionPlusOne(b, a)
      {
        return ("\(source.onePlusErrorFunction(type))(\(name(argument)))", nil)
      }
      return (source.call(function, type, name(a), name(b)), nil)
    }
    let symbol: String
    switch function {
    case .and, .multiply, .minimum: symbol = "&"
    case .or, .add, .maximum: symbol = "|"
    case .xor: symbol = "^"
    default: preconditionFailure("internal: \(function.rawValue) of bools")
    }
    if type.lanes == 1 { return ("\(name(a)) \(symbol) \(name(b))", nil) }
    let bytes = max(maskBytes[a] ?? 4, maskBytes[b] ?? 4)
    return ("\(mask(a, bytes: bytes)) \(symbol) \(mask(b, bytes: bytes))", bytes)
  }

  private mutating func convert(_ a: ValueIndex, to type: LaneType) -> (String, Int?) {
    let from = kernel.type(a)
    if from.element == type.element { return (name(a), maskBytes[a]) }
    if type.element == .bool {
      let wide = from.with(element: from.element.computeType)
      let text = source.converted(name(a), from, to: wide)
      if type.lanes == 1 { return ("\(text) != 0", nil) }
      let result = type.with(element: CTypes.integer(bytes: wide.element.byteWidth))
      return ("(\(source.type(result)))(\(text) != 0)", wide.element.byteWidth)
    }
    if from.element == .bool {
      let ones = type.with(element: type.element.isNarrowFloat ? .f32 : type.element)
      let text: String
      if type.lanes == 1 {
        text = "(\(CTypes.name(ones)))\(name(a))"
      } else {
        let chosen = mask(a, bytes: ones.element.byteWidth)
        let name = source.type(ones)
        text = "(\(chosen) ? (\(name))(1) : (\(name))(0))"
      }
      return (source.converted(text, ones, to: type), nil)
    }
    return (source.converted(name(a), from, to: type), nil)
  }
}
