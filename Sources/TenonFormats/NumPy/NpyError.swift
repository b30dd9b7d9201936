import TenonTensor

/// A rule of the npy format that a file breaks, or a part of it that Tenon does not read.
enum NpyMistake {
  case magic
  case version(UInt8, UInt8)
  case headerTooLong(Int)
  case headerCutShort(claimed: Int, left: Int)
  case header(expected: String, position: Int)
  case unknownKey(String)
  case duplicateKey(String)
  case missingKey(String)
  case type(String)
  case records
  case badShape
  case cutShort(String, needed: Int, left: Int)
  case trailing(Int)
  case textNotUTF8(Int)
  case badCharacter(Int)

  static func error(_ file: String, _ mistake: NpyMistake) -> TenonError {
    TenonError("npy", "\(file): \(mistake.text)")
  }

  private var text: String {
    switch self {
    case .magic: "no npy file: it does not begin with `\\x93NUMPY`"
    case .version(let major, let minor):
      "npy version \(major).\(minor) is unknown; Tenon reads 1.0, 2.0 and 3.0"
    case .headerTooLong(let length):
      "the npy header would take \(length) bytes, and \(NpyHeader.byteLimit) are allowed"
    case .headerCutShort(let claimed, let left):
      "the npy header takes \(claimed) bytes but only \(left) follow; the file is cut short"
    case .header(let expected, let position):
      "invalid npy header at byte \(position): expected \(expected)"
    case .unknownKey(let key): "the npy header has the unknown key `\(TenonError.shown(key))`"
    case .duplicateKey(let key): "the npy header has the key `\(key)` twice"
    case .missingKey(let key): "the npy header has no `\(key)`"
    case .type(let type): "\(reason(type)): the type is `\(TenonError.shown(type))`"
    case .records: "an array of records; save each field as an array of its own"
    case .badShape:
      "a shape is at most \(FileLimits.rank) integers from 0 to \(FileLimits.size)"
    case .cutShort(let type, let needed, let left):
      "\(type) takes \(needed) bytes but only \(left) follow the header; the file is cut short"
    case .trailing(let count): "\(count) bytes follow the array"
    case .textNotUTF8(let index):
      "element \(index) is not UTF-8 text; save it as integers (`u1`)"
    case .badCharacter(let index): "element \(index) holds a number that is no Unicode character"
    }
  }

  /// Why a type is not read, and the way out.
  private func reason(_ type: String) -> String {
    switch type.drop(while: { "<>|=".contains($0) }).first {
    case "O": "Python objects, which only Python can read; save numbers"
    case "M", "m": "dates or times; save them as integers (`view('i8')`)"
    case "V": "bytes without a meaning; save them as an integer type (`view('u1')`)"
    case "f", "c": "floating-point numbers of a width that Tenon does not have"
    default: "elements that Tenon does not have"
    }
  }
}

extension TenonError {
  static func zeroAtEnd(_ file: String, called subject: String, index: Int) -> TenonError {
    TenonError(
      "element-type",
      "\(file): cannot be written: element \(index) of \(subject) ends in a zero character, which "
        + "NumPy's text does not keep")
  }

  static func absurdText(_ file: String, called subject: String) -> TenonError {
    TenonError(
      "element-type",
      "\(file): cannot be written: the longest element of \(subject) is too long for NumPy's text")
  }

  static func longName(_ file: String, named name: String) -> TenonError {
    TenonError(
      "tensor-name", "\(file): cannot be written: the name `\(shown(name))` is too long for npz")
  }
}
