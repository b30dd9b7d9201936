import TenonCodegen
import TenonFormats
import TenonGraph
import TenonRuntime
import TenonTensor

/// A plan with the object code of its kernels: what a `.plan` file holds. It is a program: running
/// it runs the machine code in it.
///
/// The file is a valid safetensors file. Its metadata hold the version of the form
/// (`tenon.plan-format`), the processor family (`tenon.architecture`), the plan as JSON
/// (`tenon.plan`), and the SHA-256 digest of the plan's text and the objects (`tenon.digest`). Its
/// tensors are what the prepare steps keep, `prepared`, where they have been run, which lies first;
/// the constants, `constant.0` and so on; and the shared objects as bytes, `object.0` and so on.
/// Where kernels are bytecode, their programs are constants and the object is a text with their
/// digest. Equal plans give equal bytes.
public struct PlanFile: Sendable {
  /// All its objects are bytes.
  public let plan: Plan

  /// The version of the form that is written; all versions up to it are read.
  public static let formatVersion = 2

  static let formatKey = "tenon.plan-format"
  static let architectureKey = "tenon.architecture"
  static let planKey = "tenon.plan"
  static let digestKey = "tenon.digest"

  /// The plan as a file carries it; objects in files are read.
  ///
  /// - Throws: `plan-file` where a size, a count or the nesting is past what files hold, and
  ///   `file-read`.
  public init(_ plan: Plan) throws {
    var plan = plan
    plan.objects = try plan.objects.map { object in
      guard case .file(let path) = object else { return object }
      let source = try ByteSource(path: path)
      return .bytes(try source.copy(0..<source.count))
    }
    self.init(trusted: plan)
    // What the reader would refuse is never written.
    _ = try PlanReader(try text(), name: "the plan").plan(constants: plan.constants.map(\.tensor))
  }

  private init(trusted plan: Plan) { self.plan = plan }

  /// Reads a plan file. Nothing in it is run.
  ///
  /// - Parameters:
  ///   - target: the machine that is to run it; nil for this one.
  ///   - access: whether constants are lent from the mapped file or copied.
  /// - Throws: `file-read`; `safetensors` or `json` where it is no safetensors file; `plan-file`
  ///   where it holds no plan, a newer form, a damaged one, or one for another machine.
  public static func load(
    path: String, target: Target? = nil, access: SafetensorsFile.Access = .mapped
  ) throws -> PlanFile {
    try TenonError.inContext("while loading \(path)") {
      try read(try SafetensorsFile(path: path, access: access), target ?? Target.host())
    }
  }

  /// Writes the file. The path holds either the old file or all of the new one, whatever happens
  /// meanwhile.
  ///
  /// - Throws: `file-write`.
  public func write(to path: String) throws {
    let (tensors, metadata) = try parts()
    try Safetensors.write(tensors: tensors, metadata: metadata, to: path)
  }

  /// The file's bytes.
  ///
  /// - Throws: `plan-file` for a constant whose type files do not hold.
  func bytes() throws -> [UInt8] {
    let (tensors, metadata) = try parts()
    return try Safetensors.bytes(tensors: tensors, metadata: metadata)
  }

  /// Loads the kernels: from here on the file's machine code may run.
  ///
  /// - Parameters:
  ///   - hostFunctions: the functions that the plan names.
  ///   - threads: the most that a run may use; nil for as many as can run at once.
  ///   - maximumMemory: bytes that it may take; nil for the control group's or the machine's limit.
  /// - Throws: `plan-invalid`, `kernel-load`, `host-function` where one is missing, `memory-limit`.
  public func executable(
    hostFunctions: [String: HostFunction] = [:], threads: Int? = nil, maximumMemory: Int? = nil
  ) throws -> any Executable {
    try Session(
      try LoadedPlan(plan, hostFunctions: hostFunctions), store: VariableStore(),
      threads: threads, maximumMemory: maximumMemory)
  }
}

extension PlanFile {
  private func text() throws -> String { try PlanWriter(plan).json().text() }

  /// What the file holds.
  func parts() throws -> (tensors: [(String, Tensor)], metadata: [(String, String)]) {
    var tensors = plan.preparedStore.map { [(PlanFile.preparedName, $0)] } ?? []
    for (number, constant) in plan.constants.enumerated() {
      tensors.append((PlanFile.constantName(number), try StoredTensor.stored(constant.tensor)))
    }
    let text = try text()
    var objects: [[UInt8]] = []
    for (number, object) in plan.objects.enumerated() {
      let bytes: [UInt8]
      switch object {
      case .bytes(let code): bytes = code
      case .portable: bytes = PlanFile.portableObject(plan.constants)
      case .file: preconditionFailure("internal: a plan file with an object that is not its own")
      }
      objects.append(bytes)
      tensors.append((PlanFile.objectName(number), Tensor(bytes)))
    }
    let metadata = [
      (PlanFile.formatKey, "\(PlanFile.formatVersion)"),
      (PlanFile.architectureKey, PlanFile.architecture(ofTarget: plan.target)),
      (PlanFile.digestKey, PlanFile.digest(text, objects)), (PlanFile.planKey, text),
    ]
    return (tensors, metadata)
  }

  /// Reads what a plan file holds.
  ///
  /// - Throws: as `load`.
  static func read(_ file: SafetensorsFile, _ target: Target) throws -> PlanFile {
    func metadata(_ key: String) throws -> String {
      guard let text = file.metadata(key) else { throw TenonError.noPlanFile(key) }
      return text
    }
    let version = try metadata(formatKey)
    guard (1...formatVersion).contains(where: { "\($0)" == version }) else {
      throw TenonError.newerPlanForm(version)
    }
    let architecture = try metadata(architectureKey)
    let text = try metadata(planKey)
    let digest = try metadata(digestKey)
    let here = target.instructionSet.architecture ?? Target.hostArchitecture
    guard architecture == here else {
      throw TenonError.otherArchitecture(architecture, here: here)
    }
    let names = Set(file.names)
    var objects: [[UInt8]] = []
    while names.contains(objectName(objects.count)) {
      let tensor = try file.tensor(named: objectName(objects.count))
      guard tensor.elementType == .u8, tensor.rank == 1 else {
        throw TenonError.damagedPlan(
          "\(objectName(objects.count)) should be bytes, found \(tensor.typeDescription)")
      }
      objects.append(try tensor.scalars())
    }
    guard digest == PlanFile.digest(text, objects) else {
      throw TenonError.damagedPlan("its digest is not that of its plan and objects")
    }
    let reader = try PlanReader(text, name: "the plan")
    let constants = try reader.constants().enumerated().map { number, constant in
      let name = constantName(number)
      let stored = try file.tensor(named: name)
      let tensor = try StoredTensor.restored(stored, constant.elementType, constant.shape, name)
      guard tensor.elementType == constant.elementType, tensor.shape == constant.shape else {
        throw TenonError.damagedPlan(
          "constant \(constant.name) should be \(constant.elementType)\(Shape(constant.shape)), "
            + "found \(tensor.typeDescription)")
      }
      return tensor
    }
    let prepared = names.contains(preparedName) ? try file.tensor(named: preparedName) : nil
    guard file.names.count == objects.count + constants.count + (prepared == nil ? 0 : 1) else {
      throw TenonError.damagedPlan(
        "it holds \(file.names.count) tensors, and the plan has \(objects.count) objects and "
          + "\(constants.count) constants")
    }
    var plan = try reader.plan(constants: constants)
    plan.preparedStore = prepared
    try checkTarget(plan.target, target)
    plan.objects = try objects.map { bytes in
      guard bytes.starts(with: portableMark.utf8) else { return .bytes(bytes) }
      guard bytes == portableObject(plan.constants) else {
        throw TenonError.damagedPlan("its bytecode is not what it was compiled with")
      }
      return .portable
    }
    try plan.verify()
    return PlanFile(trusted: plan)
  }

  static func constantName(_ number: Int) -> String { "constant.\(number)" }
  static func objectName(_ number: Int) -> String { "object.\(number)" }
  static let preparedName = "prepared"

  /// Over the digests of its parts, so that nothing moves from one to the next unseen.
  static func digest(_ text: String, _ objects: [[UInt8]]) -> String {
    let parts = [SHA256.hexDigest(text)] + objects.map { $0.withUnsafeBytes(SHA256.hexDigest) }
    return SHA256.hexDigest(parts.joined(separator: " "))
  }

  /// What stands for the runtime's own code: the form of the bytecode and its digest.
  private static func portableObject(_ constants: [PlanConstant]) -> [UInt8] {
    let programs = constants.filter { $0.name == PlanConstant.programName }.map { constant in
      constant.tensor.withUnsafeBytes(SHA256.hexDigest)
    }
    return Array((portableMark + SHA256.hexDigest(programs.joined(separator: " "))).utf8)
  }

  private static let portableMark = "portable 1 "

  /// The processor family whose machine code the objects of a plan hold.
  static func architecture(ofTarget name: String) -> String {
    let set = name.split(separator: "+").first.flatMap { Target.InstructionSet(rawValue: "\($0)") }
    return set?.architecture ?? Target.hostArchitecture
  }

  /// Whether a machine has every instruction of the plan's target: `avx512+vnni`.
  static func checkTarget(_ name: String, _ machine: Target) throws {
    if name == KernelReference.portableTarget { return }
    let parts = name.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    guard let set = Target.InstructionSet(rawValue: parts[0]) else {
      throw TenonError.damagedPlan("it is for the unknown target \(TenonError.shownTarget(name))")
    }
    let features = machine.name.split(separator: "+").dropFirst().map(String.init)
    guard machine.instructionSet.included.contains(set),
      parts.dropFirst().allSatisfy({ features.contains($0) })
    else {
      throw TenonError.otherTarget(
        TenonError.shownTarget(name), here: machine.name, set: machine.instructionSet.rawValue)
    }
  }
}
