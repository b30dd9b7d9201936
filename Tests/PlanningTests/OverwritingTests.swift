import TenonCodegen
import TenonGraph
import TenonOps
import TenonTensor
import Testing

/// Which inputs a kernel may overwrite.
@Suite struct OverwritingTests {
  /// The group of the only fused node of a graph, and for each input's name whether output 0 may
  /// take its memory.
  private func overwritable(_ record: (Graph) throws -> Void) throws -> [String: Bool] {
    let graph = Graph("overwriting")
    try record(graph)
    graph.finishRecording()
    let fused = try Fused(graph)
    let node = fused.nodes.last!
    let group = try #require(try fused.builder.group(node))
    var result: [String: Bool] = [:]
    for (input, operand) in group.inputs.enumerated() {
      let name = graph.name(graph.operand(node, operand)) ?? "#\(operand)"
      result[name] = group.group.mayOverwrite(input: input, by: 0)
    }
    return result
  }

  @Test func elementwiseOpsOverwriteWhatTheyReadAtTheirOwnIndex() throws {
    let result = try overwritable { graph in
      let x = try graph.input("x", .f32, [4, 6])
      let b = try graph.input("b", .f32, [6])
      try graph.output("y", exp(x) * broadcast(b, to: x))
    }
    #expect(result == ["x": true, "b": false])
  }

  @Test func aTransposedReadForbidsIt() throws {
    let result = try overwritable { graph in
      let x = try graph.input("x", .f32, [6, 6])
      let z = try graph.input("z", .f32, [6, 6])
      try graph.output("y", exp(transpose(x)) + z)
    }
    #expect(result == ["x": false, "z": true])
  }

  @Test func aValueReadAtItsOwnAndAnotherIndexIsKept() throws {
    let result = try overwritable { graph in
      let x = try graph.input("x", .f32, [6, 6])
      try graph.output("y", x + transpose(x))
    }
    #expect(result == ["x": false])
  }

  @Test func anotherElementSizeForbidsIt() throws {
    let result = try overwritable { graph in
      let x = try graph.input("x", .f32, [6])
      try graph.output("y", convert(exp(x), to: .f64))
    }
    #expect(result == ["x": false])
  }

  @Test func aContractionOverwritesOnlyWhatFollowsIt() throws {
    let result = try overwritable { graph in
      let x = try graph.input("x", .f32, [6, 6])
      let w = try graph.input("w", .f32, [6, 6])
      let r = try graph.input("r", .f32, [6, 6])
      try graph.output("y", dotGeneral(x, w, lhsContracting: [1], rhsContracting: [0]) + r)
    }
    #expect(result == ["x": false, "w": false, "r": true])
  }

  @Test func softmaxOverwritesItsOwnRows() throws {
    let result = try overwritable { graph in
      let x = try graph.input("x", .f32, [8, 16])
      let largest = try maximum(x, axes: [-1], keepingAxes: true)
      let powers = try exp(x - broadcast(largest, to: x))
      try graph.output("y", powers / broadcast(sum(powers, axes: [-1], keepingAxes: true), to: x))
    }
    #expect(result == ["x": true])
  }
}
