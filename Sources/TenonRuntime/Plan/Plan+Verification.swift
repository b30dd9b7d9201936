import TenonTensor

extension Plan {
  /// Checks that every index, place and size of the plan is in range, so that running it cannot
  /// reach outside its buffers by its own fault; what a kernel does is not checked.
  ///
  /// - Throws: `plan-invalid`, naming the first thing that is wrong.
  public func verify() throws {
    for symbol in runningSymbols {
      try check((symbol.maximum ?? -1) >= 0, "symbol \(symbol) has no maximum")
    }
    try check(Set(runningSymbols.map(\.name)).count == runningSymbols.count, "a symbol is twice")
    for port in inputs + outputs + variables { try verify(port.shape, "port \(port)") }
    for (kind, ports) in [("input", inputs), ("output", outputs), ("variable", variables)] {
      try check(Set(ports.map(\.name)).count == ports.count, "two \(kind)s have one name")
    }
    for port in variables {
      try check(port.shape.isConstant, "variable \(port) has a running size")
    }
    for kernel in kernels {
      try check(
        objects.indices.contains(kernel.object),
        "kernel \(kernel.symbol) is of object \(kernel.object), of \(objects.count)")
    }
    try check(arenaBytes >= 0 && preparedBytes >= 0 && scratchBytesPerThread >= 0, "negative bytes")
    if let preparedStore {
      try check(
        preparedStore.elementType == .i64 && preparedStore.byteCount == preparedBytes,
        "its prepared store should be \(preparedBytes) bytes of i64, found "
          + preparedStore.typeDescription)
      try check(prepare.isEmpty, "it has a prepared store and prepare steps too")
    }
    for index in buffers.indices { try verifyBuffer(BufferID(index)) }
    for step in prepare + steps { try verify(step) }
    try verifyPrepare(prepare)
    try verifyInputSymbols()
    for update in variableUpdates {
      try check(variables.indices.contains(update.variable), "no variable \(update.variable)")
      try verifyReference(update.buffer, "variable update")
      let variable = variables[update.variable]
      let buffer = buffers[update.buffer.index]
      try check(
        buffer.shape == variable.shape && buffer.elementType == variable.elementType,
        "\(name(update.buffer)) cannot update variable \(variable)")
    }
    for index in variablesWrittenInPlace + variablesInitialized {
      try check(variables.indices.contains(index), "no variable \(index)")
    }
    for index in variablesInitialized {
      try check(
        variablesWrittenInPlace.contains(index),
        "variable \(variables[index]) is initialized but not written in place")
    }
  }

  private func check(_ holds: Bool, _ message: @autoclosure () -> String) throws {
    if !holds { throw TenonError.invalidPlan(self, message()) }
  }

  private func name(_ buffer: BufferID) -> String {
    "buffer \(buffer) (\(buffers[buffer.index].name))"
  }

  private func verify(_ size: Dimension, _ place: @autoclosure () -> String) throws {
    for symbol in size.symbols {
      try check(
        runningSymbols.contains(symbol),
        "\(place()) has a size over \(symbol), which is not running")
    }
  }

  private func verify(_ shape: Shape, _ place: @autoclosure () -> String) throws {
    for size in shape.dimensions { try verify(size, place()) }
  }

  private func verifyReference(_ buffer: BufferID, _ place: @autoclosure () -> String) throws {
    try check(
      buffers.indices.contains(buffer.index), "\(place()) uses \(buffer), which is not there")
  }

  /// The bytes that a shape needs at most.
  private func bound(_ type: ElementType, _ shape: Shape) -> Int? {
    shape.elementCount.upperBound.map { Dimension.saturatingProduct($0, type.byteWidth) }
  }

  private func verifyBuffer(_ id: BufferID) throws {
    let buffer = buffers[id.index]
    try check(buffer.byteCount >= 0, "\(name(id)) has a negative size")
    try verify(buffer.shape, name(id))
    // The base's size is at hand only where it is memory of the plan's; ports have their shape's.
    let available: Int
    switch buffer.place {
    case .arena(let start), .prepared(let start):
      let whole = if case .arena = buffer.place { arenaBytes } else { preparedBytes }
      try check(
        start >= 0 && start % 64 == 0, "\(name(id)) begins at \(start), not at a multiple of 64")
      available = whole - start
    case .constant(let index):
      try check(constants.indices.contains(index), "\(name(id)) is constant \(index), not there")
      available = constants[index].tensor.byteCount
    case .variable(let index):
      available = try portBytes(variables, index, id, "variable")
    case .input(let index): available = try portBytes(inputs, index, id, "input")
    case .output(let index): available = try portBytes(outputs, index, id, "output")
    case .alias(let other, let byteOffset):
      try verifyReference(other, name(id))
      try check(other < id, "\(name(id)) is an alias of a later buffer")
      try check(byteOffset >= 0, "\(name(id)) begins before the buffer it is a part of")
      available = buffers[other.index].byteCount - byteOffset
    }
    try check(
      buffer.byteCount <= available,
      "\(name(id)) takes \(buffer.byteCount) bytes where there are \(available)")
  }

  private func portBytes(_ ports: [PlanPort], _ index: Int, _ id: BufferID, _ kind: String) throws
    -> Int
  {
    try check(ports.indices.contains(index), "\(name(id)) is \(kind) \(index), not there")
    return bound(ports[index].elementType, ports[index].shape) ?? 0
  }

  private func verify(_ step: Step) throws {
    let place = "step \(step.label)"
    try verify(step.cost.flops, place)
    try verify(step.cost.bytes, place)
    switch step.kind {
    case .kernel(let kernel, let buffers, let sizes, let tiles):
      try check(kernels.indices.contains(kernel), "\(place) calls kernel \(kernel), not there")
      for buffer in buffers { try verifyReference(buffer, place) }
      for size in sizes + [tiles] { try verify(size, place) }
    case .copy(let from, let to):
      try verifyReference(from, place)
      try verifyReference(to, place)
      let needed = bound(buffers[from.index].elementType, buffers[from.index].shape) ?? 0
      try check(
        needed <= buffers[to.index].byteCount && needed <= buffers[from.index].byteCount,
        "\(place) copies \(needed) bytes from \(name(from)) to \(name(to)), which is smaller")
    case .readSize(let symbol, let from):
      try check(runningSymbols.contains(symbol), "\(place) reads \(symbol), which is not running")
      try verifyInteger(from, place)
    case .loop(let condition, let predicate, let body, let maximumTrips):
      try verifyInteger(predicate, place)
      try check((maximumTrips ?? 0) >= 0, "\(place) has a negative maximum of trips")
      for inner in condition + body { try verify(inner) }
    case .branch(let selector, let branches):
      try verifyInteger(selector, place)
      try check(!branches.isEmpty, "\(place) has no branch")
      for inner in branches.joined() { try verify(inner) }
    case .host(let function, let buffers):
      try check(
        hostFunctions.indices.contains(function),
        "\(place) calls host function \(function), not there")
      for buffer in buffers { try verifyReference(buffer, place) }
    }
  }

  private func verifyInteger(_ buffer: BufferID, _ place: String) throws {
    try verifyReference(buffer, place)
    let type = buffers[buffer.index].elementType
    try check(
      (type.isInteger || type == .bool) && buffers[buffer.index].byteCount >= type.byteWidth,
      "\(place) reads an integer from \(name(buffer)), which holds none")
  }

  /// What is run once for all runs must not see what belongs to one.
  private func verifyPrepare(_ steps: [Step]) throws {
    for buffer in Plan.buffers(of: steps) {
      switch resolvedPlace(of: buffer).base {
      case .input, .output: try check(false, "its prepare steps use \(name(buffer))")
      default: break
      }
    }
  }

  /// A size that only the inputs give must be found from one of them.
  private func verifyInputSymbols() throws {
    let rules = FeedRules(inputs, symbols: runningSymbols)
    for port in inputs {
      for symbol in port.shape.symbols {
        try check(
          rules.solves(runningSymbols.firstIndex(of: symbol)!),
          "the sizes of its inputs do not give \(symbol)")
      }
    }
  }

  /// Every buffer that the steps touch, with those of the steps inside them.
  static func buffers(of steps: [Step]) -> [BufferID] {
    var found: [BufferID] = []
    for step in steps {
      switch step.kind {
      case .kernel(_, let buffers, _, _), .host(_, let buffers): found += buffers
      case .copy(let from, let to): found += [from, to]
      case .readSize(_, let from): found.append(from)
      case .loop(let condition, let predicate, let body, _):
        found += buffers(of: condition) + [predicate] + buffers(of: body)
      case .branch(let selector, let branches):
        found.append(selector)
        for branch in branches { found += buffers(of: branch) }
      }
    }
    return found
  }
}
