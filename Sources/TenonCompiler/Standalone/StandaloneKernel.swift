import TenonCodegen
import TenonGraph
import TenonRuntime
import TenonTensor

/// A C file with one kernel of a plan and a `main` that calls it as a run of the plan did and
/// compares what it leaves, bit by bit but for NaN: status 0 where all is equal, else 1.
public struct StandaloneKernel: Sendable {
  /// `03_matmul_add.c`.
  public let fileName: String
  public let source: String
}

extension CompiledPlan {
  /// A file for each distinct kernel, in the order of the steps. Where the plan is for another
  /// processor family, what its kernels leave is found by the same C in this machine's code.
  ///
  /// - Parameter inputs: what the plan is run on; inputs left out are a pattern.
  /// - Throws: `plan-file` where this machine can run neither the plan nor its kernels' C, or they
  ///   are bytecode, and what compiling and running throw.
  public func standaloneKernels(inputs: [String: Tensor] = [:]) throws -> [StandaloneKernel] {
    let kernels = entry.kernels.compactMap(\.native)
    guard kernels.count == entry.kernels.count else {
      throw TenonError.noSource(fullPlan.name)
    }
    let counterpart = options.usedTarget.counterpart(on: .host())
    if counterpart == nil { try PlanFile.checkTarget(fullPlan.target, .host()) }
    let plan = try counterpart.map { try self.plan(kernels, for: $0) } ?? fullPlan
    let capture = KernelCapture(plan: plan) { kernel, buffer in
      kernels[kernel].kernel.buffers[buffer].isOutput
    }
    return try capture.calls(inputs: inputs).enumerated().map { number, call in
      let name = fileName(number, fullPlan.kernels[call.kernel].info)
      let text = StandaloneText(
        call: call, kernel: kernels[call.kernel], uses: uses(call.kernel, kernels), fileName: name,
        counterpart: counterpart)
      return StandaloneKernel(fileName: name, source: text.source)
    }
  }

  /// The plan with the same kernels in the code of a target's counterpart.
  private func plan(_ kernels: [CompiledKernel], for counterpart: Target) throws -> Plan {
    let cache = KernelCache(folder: TemporaryFolder.make())
    let compiled = try KernelCompiler(target: counterpart, cache: cache)
      .compile(kernels.map(\.group))
    var plan = fullPlan
    plan.target = counterpart.name
    plan.objects = []
    for (number, kernel) in compiled.enumerated() {
      precondition(
        kernel.kernel == kernels[number].kernel, "internal: a counterpart's kernel is another")
      let object = ObjectCode.file(kernel.objectPath)
      if !plan.objects.contains(object) { plan.objects.append(object) }
      plan.kernels[number].object = plan.objects.firstIndex(of: object)!
      plan.kernels[number].symbol = kernel.symbol
    }
    return plan
  }

  /// What the steps that run a kernel, or an equal one, say: computation and types, then user lines.
  private func uses(_ kernel: Int, _ kernels: [CompiledKernel]) -> [String] {
    let symbol = fullPlan.kernels[kernel].symbol
    var lines: [String] = []
    func collect(_ steps: [Step]) {
      for step in steps {
        switch step.kind {
        case .kernel(let other, let buffers, _, _):
          guard fullPlan.kernels[other].symbol == symbol else { continue }
          let shown = buffers.enumerated().map { position, id in
            let buffer = fullPlan.buffers[id.index]
            let isOutput = kernels[other].kernel.buffers[position].isOutput
            return (isOutput, "\(buffer.name) \(buffer.elementType)\(buffer.shape)")
          }
          let inputs = shown.filter { !$0.0 }.map(\.1).joined(separator: ", ")
          let outputs = shown.filter(\.0).map(\.1).joined(separator: ", ")
          lines.append("\(step.label): (\(inputs)) -> (\(outputs))")
          if !step.origins.isEmpty { lines.append("  from \(step.origins)") }
        case .loop(let condition, _, let body, _): collect(condition + body)
        case .branch(_, let branches): branches.forEach(collect)
        case .copy, .readSize, .host: continue
        }
      }
    }
    collect(fullPlan.prepare + fullPlan.steps)
    return lines
  }

  /// A number of at least two digits, and the beginning of what the kernel computes.
  private func fileName(_ number: Int, _ label: String) -> String {
    let words = label.unicodeScalars.prefix(40).map { scalar -> Character in
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        ? Character(scalar) : "_"
    }
    return (number < 10 ? "0\(number)_" : "\(number)_") + String(words) + ".c"
  }
}

/// Writes the C of one call.
private struct StandaloneText {
  let call: KernelCall
  let kernel: CompiledKernel
  let uses: [String]
  let fileName: String
  /// What the outputs were found with, where the kernel's own target does not run here.
  let counterpart: Target?

  /// Whether contents are generated and compared by a hash, since they are too long to be written
  /// out.
  private var isLong: Bool { call.byteCount > KernelCapture.byteLimit }

  var source: String {
    """
    // clang \(CCompiler.flags(kernel.target).joined(separator: " ")) \(fileName) && \(run)
    //
    \(comment(uses))
    // \(kernel.flops) FLOPs, \(kernel.bytes) bytes, \(kernel.tiles) tiles
    // schedule: \(kernel.schedule.split(separator: "\n").joined(separator: "; "))
    // \(contents)
    \(kernel.source())
    int printf(const char *, ...);
    \(permission)\(FillPattern.source)\(StoredNumber.source)\(memory)\(main)
    """
  }

  /// What asks the system for tile registers.
  private var permission: String {
    kernel.target.hasTileProducts ? "long syscall(long, ...);\n" : ""
  }

  /// What runs the compiled file.
  private var run: String {
    guard counterpart != nil, let family = kernel.target.instructionSet.architecture else {
      return "./a.out"
    }
    return "qemu-\(family) -L /usr/\(family)-linux-gnu ./a.out"
  }

  /// Text out of a graph on lines that stay comments.
  private func comment(_ lines: [String]) -> String {
    lines.map { line in
      "// "
        + String(
          line.unicodeScalars.map { scalar -> Character in
            scalar.value < 0x20 || scalar == "\\" ? "?" : Character(scalar)
          })
    }.joined(separator: "\n")
  }

  private var contents: String {
    let origin =
      counterpart.map {
        "\n// The outputs are those of the same C in code for \($0.name): equal but for NaN."
      } ?? ""
    if isLong { return "main: inputs from a pattern, outputs by their hash.\(origin)" }
    return call.isCaptured
      ? "main: inputs and outputs of the kernel's first call in a run of the plan.\(origin)"
      : "main: inputs from a pattern, since the run did not reach the kernel.\(origin)"
  }

  /// How the numbers in memory that the kernel writes are told apart.
  private func number(in memory: Int) -> StoredNumber {
    let written = call.buffers.indices.first {
      call.buffers[$0] == memory && kernel.kernel.buffers[$0].isOutput
    }
    return StoredNumber(
      written.map { kernel.kernel.buffers[$0].element } ?? call.memory[memory].elementType)
  }

  private var memory: String {
    var text = ""
    for (number, part) in call.memory.enumerated() {
      let words = (part.byteCount + KernelCall.slack + 7) / 8
      let aligned = "__attribute__((aligned(64)))"
      if !isLong, let before = part.before {
        text += "static u64 memory\(number)[\(words)] \(aligned) = {\(literals(before))};\n"
      } else {
        text += "static u64 memory\(number)[\(words)] \(aligned);\n"
      }
      if !isLong, let after = part.after {
        text +=
          "static const u64 expected\(number)[\(max(1, (after.count + 7) / 8))] = {"
          + literals(after) + "};\n"
      }
    }
    return text + "static u64 scratch[\((kernel.scratchBytes + KernelCall.slack + 7) / 8)] "
      + "__attribute__((aligned(64)));\n"
  }

  /// Eight bytes a number, eight numbers a line.
  private func literals(_ bytes: [UInt8]) -> String {
    var text = ""
    for start in stride(from: 0, to: max(1, bytes.count), by: 8) {
      if start % 64 == 0 { text += "\n  " }
      var word: UInt64 = 0
      for (place, byte) in bytes[start..<min(bytes.count, start + 8)].enumerated() {
        word |= UInt64(byte) << UInt64(8 * place)
      }
      text += "0x\(String(word, radix: 16))ul, "
    }
    return text
  }

  private var main: String {
    var lines = ["int main(void) {"]
    if kernel.target.hasTileProducts { lines.append("  syscall(158, 0x1023, 18);") }
    for (number, part) in call.memory.enumerated() where isLong && part.before != nil {
      let pattern = FillPattern(part.elementType)
      lines.append(
        "  fill((u8 *)memory\(number), \(part.byteCount / pattern.width), \(number + 1), "
          + "\(pattern.width), 0x\(String(pattern.fixed, radix: 16))ul, "
          + "0x\(String(pattern.mask, radix: 16))ul, \(pattern.sign));")
    }
    let buffers = call.buffers.map { "memory\($0)" } + ["0"]
    let sizes = (call.sizes + [0]).map { "\($0)" }
    lines += [
      "  void *const buffers[] = {\(buffers.joined(separator: ", "))};",
      "  const i64 sizes[] = {\(sizes.joined(separator: ", "))};",
      "  \(kernel.symbol)(buffers, sizes, scratch, 0, \(call.tiles));", "  int status = 0;",
    ]
    for (number, part) in call.memory.enumerated() {
      guard let after = part.after else { continue }
      let stored = self.number(in: number)
      let form = "\(stored.width), 0x\(String(stored.infinity, radix: 16))ul"
      if isLong {
        let expected = String(stored.hash(after), radix: 16)
        lines += [
          "  if (hash((const u8 *)memory\(number), \(after.count), \(form)) != 0x\(expected)ul) {",
          "    printf(\"memory \(number) has another hash\\n\");", "    status = 1;", "  }",
        ]
      } else {
        lines += [
          "  for (i64 i = 0; i + \(stored.width) <= \(after.count); i += \(stored.width))",
          "    if (number((const u8 *)memory\(number) + i, \(form))",
          "        != number((const u8 *)expected\(number) + i, \(form))) {",
          "      printf(\"memory \(number) differs at byte %ld\\n\", i);", "      status = 1;",
          "      break;", "    }",
        ]
      }
    }
    lines += ["  if (status == 0) printf(\"equal\\n\");", "  return status;", "}", ""]
    return lines.joined(separator: "\n")
  }
}
