import CTenonKernels
import Synchronization

/// Turns return addresses into lines of source text, and remembers them for the process.
///
/// The text of a line is `Module/File.swift:12`, as `#fileID` and `#line` give it: the file is that
/// of the debug information, the module that of the unit it was compiled in. Without debug
/// information it is the function and the distance of the call from its start, or the file of the
/// program and the offset in it, which `addr2line` understands.
struct CodeLocator: ~Copyable {
  private var images: [String: DebugImage] = [:]
  private var places: [UInt: DebugImage.Place?] = [:]

  private static let shared = Mutex(CodeLocator())

  /// The user's place among return addresses, innermost first; 0 stands for none.
  static func describe(_ returnAddresses: [UInt]) -> String {
    shared.withLock { $0.describe(returnAddresses) }
  }

  private mutating func describe(_ returnAddresses: [UInt]) -> String {
    // The instruction before a return address is the call.
    let addresses = returnAddresses.filter { $0 != 0 }.map { $0 - 1 }
    guard let first = addresses.first else { return "unknown" }
    guard let primary = place(of: first) else { return "0x" + String(first, radix: 16) }
    if primary.isUsers, let exact = primary.line { return exact }
    if primary.isUsers, !primary.hasLines { return primary.function ?? primary.offset }
    let users = addresses.dropFirst().compactMap { place(of: $0) }.filter(\.isUsers)
    if let line = users.lazy.compactMap(\.line).first { return line }
    if let line = primary.line { return line }
    let best = primary.isUsers ? primary : users.first { $0.function != nil } ?? primary
    return best.function ?? best.offset
  }

  private mutating func place(of address: UInt) -> DebugImage.Place? {
    if let known = places[address] { return known }
    var found = TenonImage()
    var place: DebugImage.Place?
    if tenon_find_image(address, &found) != 0 {
      let path = String(cString: found.path)
      let image = images[path] ?? DebugImage(found)
      images[path] = image
      place = image.place(of: address)
    }
    places[address] = .some(place)
    return place
  }
}
