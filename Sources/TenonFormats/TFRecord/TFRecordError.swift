import TenonTensor

/// A rule of the TFRecord format that a file breaks.
enum TFRecordMistake {
  case gzip
  case lengthCutShort(Int)
  case lengthChecksum(Int)
  case dataCutShort(Int, claimed: UInt64, left: Int)
  case dataChecksum(Int)

  static func error(_ file: String, _ mistake: TFRecordMistake) -> TenonError {
    TenonError("tfrecord", "\(file): \(mistake.text)")
  }

  private var text: String {
    switch self {
    case .gzip: "a compressed TFRecord file; decompress it with `gunzip` first"
    case .lengthCutShort(let index): "the file ends within the length of record \(index)"
    case .lengthChecksum(let index):
      "record \(index) is damaged, or this is no TFRecord file: the checksum of its length does not "
        + "match"
    case .dataCutShort(let index, let claimed, let left):
      "record \(index) takes \(claimed) bytes and a checksum of 4, but only \(left) follow; the "
        + "file is cut short"
    case .dataChecksum(let index):
      "record \(index) is damaged: the checksum of its data does not match"
    }
  }
}
