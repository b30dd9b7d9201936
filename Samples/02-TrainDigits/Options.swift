import Tenon

/// The command line: see README.md.
struct Options {
  var output: String?
  var image: String?
  var threads: Int?
  var epochs = 20
  var backend = Backend.native

  init(_ arguments: [String]) throws {
    var rest = arguments.dropFirst()
    while let name = rest.popFirst() {
      guard let value = rest.popFirst() else { throw DigitsError(text: "\(name) needs a value") }
      switch (name, Int(value)) {
      case ("--output", _): output = value
      case ("--image", _): image = value
      case ("--threads", let count?) where count > 0: threads = count
      case ("--epochs", let count?) where count > 0: epochs = count
      case ("--backend", _):
        guard let backend = Backend(rawValue: value) else {
          throw DigitsError(text: "--backend is native or reference, not \(value)")
        }
        self.backend = backend
      default: throw DigitsError(text: "\(name) \(value): see README.md for the options")
      }
    }
  }
}
