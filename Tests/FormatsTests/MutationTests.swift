import Glibc
import TenonFormats
import TenonTensor
import TenonTestKit
import Testing

/// Thousands of damaged files, the same on every run: each is refused with a `TenonError` that
/// names the file, or read; no crash, no hang, no memory that a file only claims to need.
@Suite(.serialized) struct MutationTests {
  static let count = 2_000

  @Test func damagedSafetensors() throws {
    let original = try TestFiles.bytes(TestFiles.fixture("all.safetensors"))
    let padded = try Safetensors.bytes(
      tensors: [("a", SampleTensors.tensor(.f32, shape: [3, 4])), ("b", Tensor([true]))],
      metadata: [("k", "v")])
    try checkMutations(of: [original, padded], seed: 1, bytesPerByte: 2) { bytes in
      try SafetensorsFile(bytes: bytes, name: "f").tensors().map(\.1)
    }
  }

  /// Damage inside the header, whose length stays right, reaches deeper into the reader.
  @Test func damagedSafetensorsHeaders() throws {
    let original = try TestFiles.bytes(TestFiles.fixture("all.safetensors"))
    let length = Int(original.littleEndian(UInt64.self, at: 0))
    var random = SplitMix(seed: 2)
    var outcome = Outcome()
    for _ in 0..<Self.count {
      var header = Array(original[8..<8 + length])
      Mutation.apply(to: &header, using: &random)
      outcome.record(
        bytesPerByte: 2, littleEndian(UInt64(header.count)) + header + original[(8 + length)...]
      ) {
        try SafetensorsFile(bytes: $0, name: "f").tensors().map(\.1)
      }
    }
    outcome.check()
  }

  @Test func damagedNpy() throws {
    let originals = try [
      "c_f4", "fortran_big_i2", "c_b1", "unicode", "bytes", "scalar", "version2",
    ]
    .map { try TestFiles.bytes(TestFiles.fixture("\($0).npy")) }
    try checkMutations(of: originals, seed: 3, bytesPerByte: 64) { bytes in
      [try Npy.read(bytes: bytes, name: "f")]
    }
  }

  @Test func damagedNpz() throws {
    let originals = try ["stored.npz", "deflated.npz", "text.npz", "described.npz"]
      .map { try TestFiles.bytes(TestFiles.fixture($0)) }
    try checkMutations(of: originals, seed: 4, bytesPerByte: 1032) { bytes in
      try NpzFile(bytes: bytes, name: "f").tensors().map(\.1)
    }
  }

  @Test func damagedDeflateData() {
    // The raw data of a stored, a fixed and a dynamic block.
    let originals: [[UInt8]] = [
      [1, 3, 0, 0xFC, 0xFF, 7, 8, 9], [0x4B, 0x4C, 0x84, 0x01, 0x00],
      [5, 192, 129, 0, 0, 0, 0, 0, 144, 255, 107, 0],
    ]
    var random = SplitMix(seed: 5)
    var accepted = 0
    for index in 0..<Self.count {
      var bytes = originals[index % originals.count]
      Mutation.apply(to: &bytes, using: &random)
      for declared in [0, 3, 10, 1 << 40] {
        if let output = try? Deflate.decompress(bytes, declared: declared) {
          accepted += 1
          #expect(output.count == declared)
        }
      }
    }
    #expect(accepted > 5)
  }

  @Test func damagedJSON() {
    let original = Array(
      #"{"a": [1, -2.5e-3, "x\u00e4\uD83D\uDE00\n"], "b": {"c": null, "d": [true, false]}}"#.utf8)
    var random = SplitMix(seed: 6)
    for _ in 0..<Self.count {
      var bytes = original
      Mutation.apply(to: &bytes, using: &random)
      if let value = try? JSON(parsing: bytes, name: "f") {
        #expect((try? JSON(parsing: value.utf8(indent: 1), name: "f")) == value)
      }
    }
  }

  func checkMutations(
    of originals: [[UInt8]], seed: UInt64, bytesPerByte: Int,
    _ read: ([UInt8]) throws -> [Tensor]
  ) throws {
    var random = SplitMix(seed: seed)
    var outcome = Outcome()
    for index in 0..<Self.count {
      var bytes = originals[index % originals.count]
      Mutation.apply(to: &bytes, using: &random)
      outcome.record(bytesPerByte: bytesPerByte, bytes, read)
    }
    outcome.check()
  }
}

/// What reading many damaged files came to.
private struct Outcome {
  var accepted = 0
  var refused = 0
  let residentBefore = peakResidentKilobytes()

  mutating func record(
    bytesPerByte: Int, _ bytes: [UInt8], _ read: ([UInt8]) throws -> [Tensor]
  ) {
    do {
      let tensors = try read(bytes)
      accepted += 1
      #expect(tensors.reduce(0) { $0 + $1.byteCount } <= bytesPerByte * bytes.count)
      for tensor in tensors { _ = tensor.description }
    } catch let error as TenonError {
      refused += 1
      #expect(error.message.hasPrefix("f: ") || error.message.hasPrefix("f/"), "\(error)")
    } catch {
      Issue.record("\(error) is no TenonError")
    }
  }

  /// Some damage is harmless and most is not; peak memory rose by less than 4 GiB, far below what
  /// the damaged files claim.
  func check() {
    #expect(accepted > 0)
    #expect(refused > MutationTests.count / 4)
    #expect(peakResidentKilobytes() - residentBefore < 4 << 20)
  }
}

private func peakResidentKilobytes() -> Int {
  var usage = rusage()
  getrusage(RUSAGE_SELF.rawValue, &usage)
  return usage.ru_maxrss
}

enum Mutation {
  /// One to four changes: bits, bytes, cuts, insertions, and numbers that claim too much.
  static func apply(to bytes: inout [UInt8], using random: inout SplitMix) {
    for _ in 0...random.below(4) where !bytes.isEmpty {
      let place =
        random.below(4) == 0 ? random.below(bytes.count) : random.below(min(bytes.count, 400))
      switch random.below(9) {
      case 0: bytes[place] ^= 1 << UInt8(random.below(8))
      case 1: bytes[place] = UInt8(random.below(256))
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(8)))
      case 3: bytes.insert(UInt8(random.below(256)), at: place)
      case 4: bytes.removeLast(random.below(bytes.count) + 1)
      case 5:
        let end = min(bytes.count, place + 1 + random.below(8))
        for index in place..<end { bytes[index] = 0xFF }
      case 6: enlargeNumber(near: place, in: &bytes, using: &random)
      case 7:
        let end = min(bytes.count, place + 1 + random.below(40))
        bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count))
      default:
        let marks = Array("{}[](),:'\"\\ 09-e".utf8)
        bytes[place] = marks[random.below(marks.count)]
      }
    }
  }

  /// Puts an absurd number in the place of the first digits at or after `place`.
  private static func enlargeNumber(
    near place: Int, in bytes: inout [UInt8], using random: inout SplitMix
  ) {
    let numbers = ["1099511627776", "9223372036854775808", "8589934592", "-1", "4294967295", "1e9"]
    let isDigit = { (byte: UInt8) in byte >= 0x30 && byte <= 0x39 }
    guard let start = bytes[place...].firstIndex(where: isDigit) else { return }
    let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
    bytes.replaceSubrange(start..<end, with: numbers[random.below(numbers.count)].utf8)
  }
}
