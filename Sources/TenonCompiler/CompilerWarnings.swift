import Glibc
import Synchronization

/// What has been said to the user.
public enum CompilerWarnings {
  private static let said = Mutex<Set<String>>([])

  /// Prints a warning on standard error, where this process has not printed it yet.
  public static func print(_ text: String) {
    guard said.withLock({ $0.insert(text).inserted }) else { return }
    let line = "tenon: warning: \(text)\n"
    var bytes = Array(line.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(2, $0.baseAddress!, $0.count) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
