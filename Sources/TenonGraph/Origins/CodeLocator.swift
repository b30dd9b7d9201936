/// Turns return addresses into lines of source text.
enum CodeLocator {
  static func describe(_ returnAddresses: [UInt]) -> String {
    "0x" + String(returnAddresses[0], radix: 16)
  }
}
