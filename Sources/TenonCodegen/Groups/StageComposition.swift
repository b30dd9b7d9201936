import TenonGraph
import TenonTensor

/// A result of a fused op.
struct FusedValue: Hashable {
  var member: Int
  var result: Int
}

/// One fused op: what it computes and reads, and how it is to be computed.
struct FusedMember {
  enum Operand: Hashable {
    case input(Int)
    case member(FusedValue)
  }

  var facts: ComputeFacts
  var operands: [Operand]
  var mode: FusionCluster.Mode
}

/// Writes the expressions of fused ops into as few computes as the places where they are computed
/// allow.
struct StageComposition {
  private let members: [FusedMember]
  private let inputTypes: [TensorType]
  private let outputs: [FusedValue]
  private let outputTypes: [TensorType]

  /// Members that become one compute, ascending.
  private struct Stage {
    var members: [Int]
    var axes: [Dimension]
  }

  private var stages: [Stage] = []
  private var stageOf: [Int]
  private(set) var result: NodeGroup

  init(
    _ members: [FusedMember], inputs: [TensorType], outputs: [FusedValue],
    outputTypes: [TensorType], hasStages: Bool
  ) {
    self.members = members
    inputTypes = inputs
    self.outputs = outputs
    self.outputTypes = outputTypes
    stageOf = [Int](repeating: -1, count: members.count)
    result = NodeGroup(
      group: KernelGroup(inputs: [], outputs: [], body: .stages([])), inputs: [], outputs: [])
    assignStages(hasStages: hasStages)
    compose()
  }

  private mutating func assignStages(hasStages: Bool) {
    let staged = members.indices.filter { members[$0].mode == .staged }
    if !hasStages {
      stages = [Stage(members: staged, axes: members[members.count - 1].facts.axes)]
      for member in staged { stageOf[member] = 0 }
      return
    }
    var reads: [Int: [Reading]] = [:]
    for member in staged {
      let facts = members[member].facts
      var readings: [Reading] = []
      collect(member, isOwn: true, &readings, &reads)
      let latest = readings.map { stageOf[$0.member] }.max() ?? -1
      var place = stages.count
      if !facts.hasReduction {
        let isOwnIndex = readings.allSatisfy { $0.isIdentity || stageOf[$0.member] < latest }
        if latest >= 0, isOwnIndex, stages[latest].axes == facts.axes {
          place = latest
        } else {
          for later in stages.indices.dropFirst(latest + 1)
          where stages[later].axes == facts.axes {
            place = later
            break
          }
        }
      }
      if place == stages.count { stages.append(Stage(members: [], axes: facts.axes)) }
      stages[place].members.append(member)
      stageOf[member] = place
    }
  }

  /// A staged member that something reads, directly or through inline members.
  private struct Reading: Hashable {
    var member: Int
    /// Every read on the way is at the reader's own index.
    var isIdentity: Bool
  }

  private func collect(
    _ member: Int, isOwn: Bool, _ readings: inout [Reading], _ known: inout [Int: [Reading]]
  ) {
    for (operand, source) in members[member].operands.enumerated() {
      guard case .member(let value) = source else { continue }
      let isIdentity = members[member].facts.reads[operand].allSatisfy(\.isIdentity)
      guard !members[member].facts.reads[operand].isEmpty else { continue }
      var found: [Reading] = []
      if members[value.member].mode == .staged {
        found = [Reading(member: value.member, isIdentity: true)]
      } else if let earlier = known[value.member] {
        found = earlier
      } else {
        collect(value.member, isOwn: false, &found, &known)
        known[value.member] = found
      }
      for var reading in found {
        reading.isIdentity = reading.isIdentity && isIdentity
        if !readings.contains(reading) { readings.append(reading) }
      }
    }
  }

  // MARK: Composing

  /// The number of a staged value as a composed program's operand: after the inputs.
  private func operandNumber(_ value: FusedValue, _ numbers: inout [FusedValue]) -> Int {
    if let place = numbers.firstIndex(of: value) { return inputTypes.count + place }
    numbers.append(value)
    return inputTypes.count + numbers.count - 1
  }

  private mutating func compose() {
    var numbers: [FusedValue] = []
    var composed: [(compute: Compute, scalars: [FusedValue: ScalarID])] = []
    for stage in stages.indices { composed.append(compose(stage, &numbers)) }

    // What other stages load is kept; what the node gives is handed out.
    var destinations: [FusedValue: KernelGroup.Destination] = [:]
    var handedOut: [FusedValue] = []
    result.outputs = outputs.map { value in
      if let place = handedOut.firstIndex(of: value) { return place }
      handedOut.append(value)
      destinations[value] = .output(handedOut.count - 1)
      return handedOut.count - 1
    }
    result.group.outputs = handedOut.map { outputTypes[outputs.firstIndex(of: $0)!] }
    var placeOf: [FusedValue: KernelGroup.Operand] = [:]
    var finished: [KernelGroup.Stage] = []
    for (place, (compute, scalars)) in composed.enumerated() {
      var compute = compute
      compute.results = []
      var results: [KernelGroup.Destination] = []
      for member in stages[place].members {
        for position in members[member].facts.compute.results.indices {
          let value = FusedValue(member: member, result: position)
          guard destinations[value] != nil || numbers.contains(value) else { continue }
          placeOf[value] = .stage(place, result: results.count)
          results.append(destinations[value] ?? .temporary)
          compute.results.append(scalars[value]!)
        }
      }
      finished.append(KernelGroup.Stage(compute: compute, operands: [], results: results))
    }
    finish(&finished, numbers.map { placeOf[$0]! })
  }

  /// Numbers operands by stage, and inputs by what is read at all.
  private mutating func finish(
    _ finished: inout [KernelGroup.Stage], _ temporaries: [KernelGroup.Operand]
  ) {
    var isRead = [Bool](repeating: false, count: inputTypes.count)
    for stage in finished {
      for operand in stage.compute.loadedOperands where operand < inputTypes.count {
        isRead[operand] = true
      }
    }
    result.inputs = inputTypes.indices.filter { isRead[$0] }
    result.group.inputs = result.inputs.map { inputTypes[$0] }
    for place in finished.indices {
      let loaded = finished[place].compute.loadedOperands
      finished[place].operands = loaded.map { operand in
        operand < inputTypes.count
          ? .input(result.inputs.firstIndex(of: operand)!) : temporaries[operand - inputTypes.count]
      }
      finished[place].compute = finished[place].compute.renumberingOperands {
        loaded.firstIndex(of: $0)!
      }
    }
    result.group.body = .stages(finished)
  }

  private func compose(_ place: Int, _ numbers: inout [FusedValue]) -> (
    Compute, [FusedValue: ScalarID]
  ) {
    let stage = stages[place]
    let own = stage.axes.indices.map { IndexExpression.axis($0) }
    var scalars: [FusedValue: ScalarID] = [:]
    var reduction: Compute.Reduction?
    var main = Composer(ProgramComposer(extents: stage.axes))
    for member in stage.members {
      let compute = members[member].facts.compute
      if let source = compute.reduction {
        let domain = compute.axes + source.axes
        var inner = Composer(ProgramComposer(extents: domain))
        let wanted = append(
          source.program, of: member, source.values + source.initial,
          at: domain.indices.map { .axis($0) }, place, [:], &inner, &numbers)
        var new = source
        new.program = inner.composer.program
        new.values = Array(wanted.prefix(source.values.count))
        new.initial = Array(wanted.dropFirst(source.values.count))
        reduction = new
      }
      let results = append(
        compute.program, of: member, compute.results, at: own, place, scalars, &main, &numbers)
      for (position, scalar) in results.enumerated() {
        scalars[FusedValue(member: member, result: position)] = scalar
      }
    }
    let compute = Compute(
      axes: stage.axes, reduction: reduction, program: main.composer.program, results: [])
    return (compute, scalars)
  }

  /// A program being composed, with the inline expressions that are already in it.
  private struct Composer {
    struct Key: Hashable {
      var value: FusedValue
      var index: [IndexExpression]
      var guards: [Guard]
      var ownGuards: [Guard]
      var fill: ScalarID?
    }

    var composer: ProgramComposer
    var known: [Key: ScalarID] = [:]

    init(_ composer: ProgramComposer) { self.composer = composer }
  }

  private func append(
    _ source: ScalarProgram, of member: Int, _ wanted: [ScalarID], at index: [IndexExpression],
    _ stage: Int, _ scalars: [FusedValue: ScalarID], _ target: inout Composer,
    _ numbers: inout [FusedValue]
  ) -> [ScalarID] {
    var (known, names) = (target.known, numbers)
    target.known = [:]
    let results = target.composer.append(source, wanted: wanted, at: index) { composer, load in
      resolve(load, of: member, stage, scalars, &composer, &known, &names)
    }
    (target.known, numbers) = (known, names)
    return results
  }

  private func resolve(
    _ load: ProgramComposer.Load, of member: Int, _ stage: Int,
    _ scalars: [FusedValue: ScalarID], _ composer: inout ProgramComposer,
    _ known: inout [Composer.Key: ScalarID], _ numbers: inout [FusedValue]
  ) -> ScalarID {
    switch members[member].operands[load.operand] {
    case .input(let input): return composer.read(load, from: input)
    case .member(let value):
      if members[value.member].mode == .staged {
        if stageOf[value.member] == stage {
          guard let scalar = scalars[value] else {
            preconditionFailure("internal: a stage reads itself")
          }
          return scalar
        }
        return composer.read(load, from: operandNumber(value, &numbers))
      }
      let key = Composer.Key(
        value: value, index: load.index, guards: load.guards, ownGuards: load.ownGuards,
        fill: load.fill)
      if let scalar = known[key] { return scalar }
      let scalar = composer.substitute(
        members[value.member].facts.compute, result: value.result, for: load
      ) { composer, inner in
        resolve(inner, of: value.member, stage, scalars, &composer, &known, &numbers)
      }
      known[key] = scalar
      return scalar
    }
  }
}

extension Compute {
  /// The operands that are loaded, ascending, each once.
  var loadedOperands: [Int] {
    var found: [Int] = []
    for program in [program, reduction?.program].compactMap({ $0 }) {
      for case .load(let operand, _, _, _) in program.instructions where !found.contains(operand) {
        found.append(operand)
      }
    }
    return found.sorted()
  }

  func renumberingOperands(_ number: (Int) -> Int) -> Compute {
    func renumbered(_ source: ScalarProgram) -> ScalarProgram {
      var new = ScalarProgram()
      for (instruction, type) in zip(source.instructions, source.types) {
        if case .load(let operand, let index, let guards, let fill) = instruction {
          new.add(.load(operand: number(operand), index, guards: guards, fill: fill), type)
        } else {
          new.add(instruction, type)
        }
      }
      return new
    }
    var result = self
    result.program = renumbered(program)
    if let old = reduction { result.reduction?.program = renumbered(old.program) }
    return result
  }
}
