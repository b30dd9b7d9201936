import Glibc
import Tenon

/// What the command says beside its results: on standard error, and progress only on a terminal.
enum Console {
  /// An error of the user's, as it is.
  static func fail(_ error: TenonError) { write("tenon: \(error)\n") }

  /// A line on standard output that is there at once, in a pipe too.
  static func say(_ line: String) { write(line + "\n", to: 1) }

  private static func write(_ text: String, to file: Int32 = 2) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }

  /// A line that the next one replaces; nothing in a pipe.
  static func progress(_ text: String) {
    guard isatty(2) == 1 else { return }
    write("\r\u{1B}[K\(text)")
  }

  static func endProgress() {
    guard isatty(2) == 1 else { return }
    write("\r\u{1B}[K")
  }

  /// Columns padded to their widest cell; cells of `rightAligned` columns end together.
  static func table(_ rows: [[String]], rightAligned: Set<Int> = []) -> String {
    guard let columns = rows.map(\.count).max() else { return "" }
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    let lines = rows.map { row in
      let cells = row.enumerated().map { column, cell -> String in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return rightAligned.contains(column) ? space + cell : cell + space
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
    return lines.joined(separator: "\n")
  }

  /// `1.234 ms`.
  static func milliseconds(_ nanoseconds: Int) -> String {
    let micros = (nanoseconds + 500) / 1000
    let rest = String(micros % 1000)
    return "\(micros / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest) ms"
  }

  /// `1.23 %`.
  static func percent(_ share: Double) -> String {
    guard share.isFinite else { return "\(share)" }
    let hundredths = Int((min(share, 1e9) * 10_000).rounded())
    let rest = String(hundredths % 100)
    return "\(grouped(hundredths / 100)).\(rest.count < 2 ? "0" : "")\(rest) %"
  }

  /// `1,234,567`.
  static func grouped(_ number: Int) -> String {
    var digits = String(number.magnitude)
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(digits.suffix(3), at: 0)
      digits.removeLast(3)
    }
    return (number < 0 ? "-" : "") + ([digits[...]] + groups).joined(separator: ",")
  }
}
