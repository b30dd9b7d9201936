import CTenonKernels
import Glibc

/// An executable or shared library of this process, with what its file says about its code.
final class DebugImage {
  /// The file's name, without folders.
  let name: String
  private let bias: UInt
  private let file: ElfFile?
  private let lines: LineTable?
  private let modules: [Int: String]
  private let symbols: SymbolTable?
  // Read when first needed: the sections are large.
  private lazy var units: DebugUnits? = file.flatMap { DebugUnits($0) }
  private var inlinedCalls: [Int: [InlinedCall]] = [:]

  /// A place in the image's code.
  struct Place {
    /// `Module/File.swift:12`; nil where no line of source text is known.
    var line: String?
    /// The demangled function and the distance from its start.
    var function: String?
    /// The place in the file: `program + 0x12ab`.
    var offset: String
    /// Whether the code belongs to one of Tenon's own modules.
    var isTenon: Bool
    /// Whether the compiler made one function out of several, so that the line may be another's.
    var isMerged: Bool
    /// Whether the image has lines of source text at all.
    var hasLines: Bool

    /// Whether the place is the user's, and only one place in the text.
    var isUsers: Bool { !isTenon && !isMerged }
  }

  init(_ image: TenonImage) {
    var path = String(cString: image.path)
    if path.isEmpty { path = "/proc/self/exe" }
    name = Self.name(ofFile: path)
    bias = image.bias
    file = ElfFile(path: path).flatMap { Self.isSame($0, image) ? $0 : nil }
    symbols = file.map { SymbolTable($0) }
    lines = file.flatMap { file in
      file.bytes(ofSection: ".debug_line").map {
        LineTable($0, strings: file.bytes(ofSection: ".debug_line_str") ?? [])
      }
    }
    var units = file.flatMap { DebugUnits($0) }
    modules = units?.moduleNames() ?? [:]
  }

  /// False for a file that was built anew since the process started.
  private static func isSame(_ file: ElfFile, _ image: TenonImage) -> Bool {
    guard let loaded = image.build_id, let stored = file.buildID else { return true }
    return stored.elementsEqual(UnsafeBufferPointer(start: loaded, count: image.build_id_size))
  }

  private static func name(ofFile path: String) -> String {
    let resolved: String? = realpath(path, nil).map { pointer in
      defer { free(pointer) }
      return String(cString: pointer)
    }
    return (resolved ?? path).split(separator: "/").last.map(String.init) ?? path
  }

  /// The place of the instruction that holds `address`.
  func place(of address: UInt) -> Place {
    let address = UInt64(address &- bias)
    let symbol = symbols?.function(at: address)
    let mangled = symbol?.name ?? ""
    let demangled = Self.demangle(mangled)
    var place = Place(
      function: symbol.map { "\(demangled ?? $0.name) + \(address - $0.start)" },
      offset: "\(name) + 0x\(String(address, radix: 16))",
      isTenon: TenonModules.own(mangled, demangled), isMerged: mangled.hasSuffix("Tm"),
      hasLines: lines.map { !$0.isEmpty } ?? false)
    if let found = self.line(of: address, functionStart: symbol?.start) {
      let components = found.path.split(separator: "/")
      let file = components.last ?? ""
      let folder = components.dropLast().last.map(String.init)
      place.line = [modules[found.unit] ?? folder, "\(file):\(found.line)"].compactMap { $0 }
        .joined(separator: "/")
      place.isTenon = isTenon(found)
    }
    return place
  }

  private func isTenon(_ place: LineTable.Place) -> Bool {
    TenonModules.own(path: place.path.split(separator: "/"), module: modules[place.unit])
  }

  /// The line of an instruction; where it has none or is Tenon's, that of the call whose inlined
  /// body it is in, else the last line before it.
  private func line(of address: UInt64, functionStart: UInt64?) -> LineTable.Place? {
    guard let lines, let exact = lines.place(of: address) else { return nil }
    let isOfTenon = modules[exact.unit].map { TenonModules.names.contains($0) } ?? false
    if exact.line > 0, isOfTenon || !isTenon(exact) { return exact }
    if inlinedCalls[exact.unit] == nil {
      inlinedCalls[exact.unit] = units?.inlinedCalls(ofLines: exact.unit) ?? []
    }
    for call in inlinedCalls[exact.unit, default: []].reversed()
    where call.ranges.contains(where: { $0.contains(address) }) {
      let place = lines.place(file: call.file, line: call.line, unit: exact.unit)
      if let place, place.line > 0, !isTenon(place) { return place }
    }
    if exact.line > 0 { return exact }
    return functionStart.flatMap { lines.placeBefore(address, functionStart: $0) }
  }

  private static func demangle(_ name: String) -> String? {
    guard name.hasPrefix("$s"), let text = swift_demangle(name, name.utf8.count, nil, nil, 0)
    else { return nil }
    defer { free(text) }
    return withoutSpecializations(String(cString: text))
  }

  /// The function that the user wrote, where the optimizer made another from it: the text begins
  /// with `merged`, or with what the function is a `specialization <…> of`.
  private static func withoutSpecializations(_ text: String) -> String {
    let name = text.hasPrefix("merged ") ? String(text.dropFirst(7)) : text
    guard name.prefix(60).split(separator: " ").contains("specialization") else { return name }
    let words = name.split(separator: " ")
    let of = words.indices.dropFirst().dropLast().last {
      words[$0] == "of" && words[$0 - 1].hasSuffix(">")
    }
    return of.map { words[($0 + 1)...].joined(separator: " ") } ?? name
  }
}
