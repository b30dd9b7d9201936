import Glibc
import TenonCodegen
import TenonFormats
import TenonTensor

extension KernelTimings {
  /// The version of the file's form.
  static let version = 1
  private static let format = "tenon timings"
  /// Files may not be larger.
  static let byteLimit = 64 << 20

  /// Reads a file of timings.
  ///
  /// - Throws: `file-read`; `json` for text that is no JSON; `timings` where it says what timings
  ///   do not.
  public init(path: String) throws {
    let file = try ByteSource(path: path)
    guard file.count <= KernelTimings.byteLimit else {
      throw TenonError.timings(path, "the file is larger than 64 MiB")
    }
    try self.init(parsing: file.copy(0..<file.count), name: path)
  }

  /// - Parameter name: how messages call the text.
  /// - Throws: as `init(path:)`.
  package init(parsing bytes: [UInt8], name: String) throws {
    self.init()
    let root = try JSON(parsing: bytes, name: name)
    guard let object = root.object, object["format"]?.string == KernelTimings.format else {
      throw TenonError.timings(
        name, "the file holds no timings: its \"format\" is not \"\(KernelTimings.format)\"")
    }
    guard let version = object["version"]?.integer else {
      throw TenonError.timings(name, "\"version\" must be a number")
    }
    guard version == KernelTimings.version else {
      throw TenonError.timings(
        name, "version \(version) is not known; this is version \(KernelTimings.version)")
    }
    guard let kernels = object["kernels"]?.array else {
      throw TenonError.timings(name, "\"kernels\" must be an array")
    }
    for (number, kernel) in kernels.enumerated() {
      let entry = try Entry(kernel, file: name, "entry \(number + 1)")
      guard self[entry.kernel] == nil else {
        throw TenonError.timings(name, "entry \(number + 1): the kernel has an entry already")
      }
      set(entry)
    }
  }

  /// The timings as JSON text, with a line at its end.
  public var json: String {
    JSON.object([
      ("format", .string(KernelTimings.format)), ("version", .number(KernelTimings.version)),
      ("kernels", .array(entries.map(\.json))),
    ]).text(indent: 2) + "\n"
  }

  /// Writes a file that `init(path:)` reads; the file is whole or not there.
  ///
  /// - Throws: `file-write`.
  public func write(to path: String) throws {
    try AtomicFile.write(Array(json.utf8), to: path)
  }
}

extension KernelTimings.Entry {
  fileprivate var json: JSON {
    .object([
      ("kernel", .string(kernel)), ("label", .string(label)), ("schedule", .string(schedule)),
      ("model", .string(model)),
      (
        "candidates",
        .array(
          candidates.map {
            .object([("schedule", .string($0.schedule)), ("ms", .number($0.milliseconds))])
          })
      ),
    ])
  }

  fileprivate init(_ json: JSON, file: String, _ place: String) throws {
    guard let object = json.object else {
      throw TenonError.timings(file, "\(place) must be an object")
    }
    func text(_ key: String, of object: JSON.Object, _ place: String) throws -> String {
      guard let text = object[key]?.string else {
        throw TenonError.timings(file, "\(place): \"\(key)\" must be a string")
      }
      return text
    }
    func choice(_ key: String, of object: JSON.Object, _ place: String) throws
      -> ContractionChoice
    {
      let text = try text(key, of: object, place)
      guard let choice = ContractionChoice(text) else {
        throw TenonError.timingsSchedule(file, "\(place): \"\(key)\"")
      }
      return choice
    }
    let schedule = try choice("schedule", of: object, place)
    // A pinned entry need not say what else there is.
    let model =
      object["model"] == nil ? schedule : try choice("model", of: object, place)
    guard let listed = (object["candidates"] ?? []).array else {
      throw TenonError.timings(file, "\(place): \"candidates\" must be an array")
    }
    let candidates = try listed.enumerated().map { number, candidate in
      let place = "\(place), candidate \(number + 1)"
      guard let object = candidate.object else {
        throw TenonError.timings(file, "\(place) must be an object")
      }
      guard let time = object["ms"]?.double, time.isFinite, time >= 0 else {
        throw TenonError.timings(file, "\(place): \"ms\" must be a number of milliseconds")
      }
      let schedule = try choice("schedule", of: object, place).description
      return KernelTimings.Candidate(schedule: schedule, milliseconds: time)
    }
    self.init(
      kernel: try text("kernel", of: object, place),
      label: object["label"] == nil ? "" : try text("label", of: object, place),
      choice: schedule, modelChoice: model, candidates: candidates)
  }
}

extension TenonError {
  static func timings(_ file: String, _ rule: String) -> TenonError {
    TenonError("timings", "\(file): \(rule)")
  }

  static func timingsSchedule(_ file: String, _ place: String) -> TenonError {
    TenonError(
      "timings", "\(file): \(place) is no schedule",
      details: [
        "write it as: 14 rows x 2 vectors, tiles of 4 pieces",
        "and after it, where wanted: , depth in blocks of 256, rows copied for 8 panels",
      ])
  }

  static func foreignTuning(_ target: String, _ host: String) -> TenonError {
    TenonError(
      "timings",
      "tune: kernels for \(target) cannot be measured on this machine, which has \(host)")
  }

  static let portableTuning = TenonError(
    "timings", "tune: only native kernels have schedules to measure; choose the native backend")
}
