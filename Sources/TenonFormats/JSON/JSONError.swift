import TenonTensor

/// A rule of JSON that a text breaks.
enum JSONMistake {
  case expected(String)
  case trailing
  case tooDeep
  case duplicateKey(String)
  case leadingZero
  case unclosedString
  case notUTF8
  case controlCharacter
  case unknownEscape
  case loneSurrogate

  fileprivate var text: String {
    switch self {
    case .expected(let what): "expected \(what)"
    case .trailing: "expected the end after the value"
    case .tooDeep: "nested deeper than the \(JSON.depthLimit) allowed"
    case .duplicateKey(let key): "the key `\(TenonError.shown(key))` comes twice in one object"
    case .leadingZero: "a number must not begin with a zero and another digit"
    case .unclosedString: "a string without its closing quote"
    case .notUTF8: "a string that is not valid UTF-8"
    case .controlCharacter: "a control character in a string must be escaped"
    case .unknownEscape: "an escape that JSON does not have"
    case .loneSurrogate: "an escaped surrogate without its other half"
    }
  }
}

extension TenonError {
  static func json(_ name: String, _ mistake: JSONMistake, position: Int) -> TenonError {
    TenonError("json", "\(name): invalid JSON at byte \(position): \(mistake.text)")
  }

  /// A name out of a file, made fit for a message: on one line and at most 60 characters.
  static func shown(_ name: String) -> String {
    var text = ""
    var count = 0
    for scalar in name.unicodeScalars {
      guard count < 60 else { return text + "..." }
      text += scalar.escaped(asASCII: false)
      count += 1
    }
    return text
  }
}
