import TenonGraph
import TenonOps
import TenonPasses
import TenonTensor
import Testing

@Suite struct FoldConstantsTests {
  private func folded(
    _ options: PassOptions = PassOptions(), _ record: (Graph, Value) throws -> Value
  ) throws -> (lines: [String], log: PassLog) {
    let graph = Graph("fold")
    let x = try graph.input("x", .f32, [2])
    try graph.output("y", record(graph, x))
    let context = PassContext(testing: graph, options: options)
    try context.run(FoldConstants.self)
    return (Listing.of(graph), context.log)
  }

  @Test func constantsFoldThroughAChain() throws {
    let (lines, log) = try folded { graph, x in
      let a = try graph.constant(Tensor([1, 2] as [Float]))
      let b = try graph.constant(Tensor([3, 4] as [Float]))
      return try x * (a + b) * (a - b)
    }
    #expect(
      lines == [
        "%0 = constant<value: [4.0, 6.0]>() f32[2]", "%1 = multiply(%x, %0) f32[2]",
        "%2 = constant<value: [-2.0, -2.0]>() f32[2]", "%3 = multiply(%1, %2) f32[2]", "y = %3",
      ])
    #expect(
      log.edits.map(\.reason) == ["all operands are constants", "all operands are constants"])
  }

  @Test func regionsAndCompositesFold() throws {
    let (lines, _) = try folded { graph, x in
      let a = try graph.constant(Tensor([-1, 2, 3] as [Float]))
      return try broadcast(sum(relu(a)), to: x) + x
    }
    #expect(
      lines == [
        "%0 = constant<value: [5.0]>() f32[]",
        "%1 = broadcast_in_dim<shape: [2], dimensions: []>(%0) f32[2]",
        "%2 = add(%1, %x) f32[2]", "y = %2",
      ])
  }

  @Test func narrowTypesRoundAsEvaluationDoes() throws {
    let (lines, _) = try folded { graph, x in
      let a = try graph.scalar(2048, .f16)
      let b = try graph.scalar(1, .f16)
      return try x + broadcast(convert(a + b, to: .f32), to: x)
    }
    #expect(lines[0] == "%0 = constant<value: [2048.0]>() f32[]")
  }

  @Test func largeResultsAreLeftToThePrepareEntry() throws {
    let (lines, log) = try folded(PassOptions(foldedBytes: 7)) { graph, x in
      let a = try graph.constant(Tensor([1, 2] as [Float]))
      return try x + exp(a)
    }
    #expect(
      lines == [
        "%0 = constant<value: [1.0, 2.0]>() f32[2]", "%1 = exponential(%0) f32[2]",
        "%2 = add(%x, %1) f32[2]", "y = %2",
      ])
    #expect(
      log.passes[0].refusals.map(\.reason) == ["8 bytes are more than the 7 folded when compiling"])
  }

  @Test func repeatedConstantsStayRepeated() throws {
    let (lines, log) = try folded { _, x in try x + 1 }
    #expect(
      lines == [
        "%0 = constant<value: [1.0]>() f32[]",
        "%1 = broadcast_in_dim<shape: [2], dimensions: []>(%0) f32[2]",
        "%2 = add(%x, %1) f32[2]", "y = %2",
      ])
    #expect(log.passes[0].isUnchanged)
  }

  @Test func barriersAreNotFolded() throws {
    let (lines, log) = try folded { graph, x in
      let a = try graph.constant(Tensor([1, 2] as [Float]))
      return try x + graph.apply1(Barrier(), [a], site: CallSite())
    }
    #expect(lines[1] == "%1 = test_barrier(%0) f32[2]")
    #expect(log.passes[0].isUnchanged)
  }
}

/// A value that nothing is known about.
struct Barrier: PrimitiveOp {
  static let name = "test_barrier"
  static let signature = Signature(["x"])
  static let effects = Effects.barrier
  func infer(_ site: InferenceSite) throws -> [ValueType] { [site.type(0)] }
  func evaluate(_ operands: [Tensor], _ site: EvaluationSite) throws -> [Tensor] { operands }
}
