import TenonTensor

/// A rule of the zip format that a file breaks, or a part of it that Tenon does not read.
enum ZipMistake {
  case noEnd
  case disks
  case directoryRange
  case entryCount(claimed: Int, found: Int)
  case directoryEntry(Int)
  case nameNotUTF8(Int)
  case duplicateName(String)
  case extraField(String)
  case encrypted(String)
  case method(String, Int)
  case storedSize(String)
  case localHeader(String)
  case overlap(String, String)
  case tooLarge(String, Int, most: Int)
  case impossibleRatio(String, compressed: Int, size: Int)
  case checksum(String)
  case deflate(String, DeflateMistake)

  static func error(_ file: String, _ mistake: ZipMistake) -> TenonError {
    TenonError("zip", "\(file): \(mistake.text)")
  }

  private var text: String {
    switch self {
    case .noEnd: "no zip file, or cut short: the record that ends one is missing"
    case .disks: "a zip file in several parts, which Tenon does not read"
    case .directoryRange: "the zip directory does not lie where the record at the end says"
    case .entryCount(let claimed, let found):
      "the zip directory holds \(found) entries, but \(claimed) are claimed"
    case .directoryEntry(let index): "entry \(index) of the zip directory is malformed"
    case .nameNotUTF8(let index): "the name of entry \(index) of the zip directory is not UTF-8"
    case .duplicateName(let name): "two entries are called `\(shown(name))`"
    case .extraField(let name): "the extra fields of entry `\(shown(name))` are malformed"
    case .encrypted(let name): "entry `\(shown(name))` is encrypted, which Tenon does not read"
    case .method(let name, let method):
      "entry `\(shown(name))` is compressed by \(methodName(method)); Tenon reads stored and "
        + "deflated entries"
    case .storedSize(let name): "entry `\(shown(name))` is stored, but its two sizes differ"
    case .localHeader(let name):
      "entry `\(shown(name))` is not what the zip directory says"
    case .overlap(let first, let second):
      "entries `\(shown(first))` and `\(shown(second))` share bytes"
    case .tooLarge(let name, let size, let most):
      "entry `\(shown(name))` holds \(size) bytes, and \(most) are allowed; raise `maximumBytes` "
        + "if you trust the file"
    case .impossibleRatio(let name, let compressed, let size):
      "entry `\(shown(name))` claims \(size) bytes, more than \(compressed) compressed ones can hold"
    case .checksum(let name): "entry `\(shown(name))` is damaged: its checksum does not match"
    case .deflate(let name, let mistake):
      "entry `\(shown(name))` is damaged: \(mistake.text)"
    }
  }

  private func shown(_ name: String) -> String { TenonError.shown(name) }

  private func methodName(_ method: Int) -> String {
    switch method {
    case 9: "deflate64"
    case 12: "bzip2"
    case 14: "LZMA"
    case 93: "zstd"
    case 95: "xz"
    default: "method \(method)"
    }
  }
}

extension DeflateMistake {
  /// What is wrong with the compressed data.
  package var text: String {
    switch self {
    case .cutShort: "the compressed data is cut short"
    case .blockType: "the compressed data has a block of an unknown type"
    case .storedLength: "the length of a stored block does not match its complement"
    case .tooManyCodes: "a block has more codes than deflate has symbols"
    case .overSubscribed: "the code words of a block overlap"
    case .incomplete: "the code words of a block leave others unused"
    case .repeatOfNothing: "a block repeats a code length before the first"
    case .tooManyLengths: "a block gives more code lengths than it has codes"
    case .noEndOfBlock: "a block has no code for its end"
    case .badCode: "a code word that its block does not have"
    case .badSymbol: "a symbol that deflate does not have"
    case .distanceTooFar: "a copy from before the start"
    case .tooLong(let declared): "it decompresses to more than the \(declared) bytes declared"
    case .tooShort(let count, let declared):
      "it decompresses to \(count) bytes, but \(declared) are declared"
    case .trailing(let count): "\(count) bytes follow the compressed data"
    }
  }
}
