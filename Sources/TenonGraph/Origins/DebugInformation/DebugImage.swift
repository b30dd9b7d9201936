import CTenonKernels
import Glibc

/// An executable or shared library of this process, with what its file says about its code.
final class DebugImage {
  /// The file's name, without folders.
  let name: String
  private let bias: UInt
  private let lines: LineTable?
  private let modules: [Int: String]
  private let symbols: SymbolTable?

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
    guard let file = ElfFile(path: path), Self.isSame(file, image) else {
      lines = nil
      modules = [:]
      symbols = nil
      return
    }
    symbols = SymbolTable(file)
    if let section = file.bytes(ofSection: ".debug_line") {
      lines = LineTable(section, strings: file.bytes(ofSection: ".debug_line_str") ?? [])
      modules = ModuleNames.read(file)
    } else {
      lines = nil
      modules = [:]
    }
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
    if let found = lines?.place(of: address, functionStart: symbol?.start) {
      let components = found.path.split(separator: "/")
      let file = components.last ?? ""
      let folder = components.dropLast().last.map(String.init)
      let module = modules[found.unit]
      place.line = [module ?? folder, "\(file):\(found.line)"].compactMap { $0 }
        .joined(separator: "/")
      place.isTenon = TenonModules.own(path: components, module: module)
    }
    return place
  }

  private static func demangle(_ name: String) -> String? {
    guard name.hasPrefix("$s"), let text = swift_demangle(name, name.utf8.count, nil, nil, 0)
    else { return nil }
    defer { free(text) }
    return String(cString: text)
  }
}
