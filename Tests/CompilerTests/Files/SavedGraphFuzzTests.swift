import Glibc
import TenonFormats
import TenonGraph
import TenonOps
import TenonTensor
import TenonTestKit
import Testing

@testable import TenonCompiler

/// Mutated `.tenon` files: each is refused with an error or loads as a sound graph. A crash or a
/// hang ends the test run.
@Suite struct SavedGraphFuzzTests {
  @Test func mutatedFilesAreRefusedOrSound() throws {
    func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
    let count = number("TENON_FUZZ_COUNT") ?? 300
    let seed = UInt64(number("TENON_FUZZ_SEED") ?? 1)
    let base = try Base()
    var random = SplitMix(seed: seed)
    var loaded = 0
    for round in 0..<count {
      let bytes = round % 3 == 0 ? base.flipped(&random) : try base.edited(&random)
      guard let file = try? SafetensorsFile(bytes: bytes),
        let saved = try? SavedGraph.read(file, .standard)
      else { continue }
      loaded += 1
      try saved.graph.verify()
      let (tensors, metadata) = try saved.graph.savedParts(saved.variables)
      let again = try SafetensorsFile(
        bytes: Safetensors.bytes(tensors: tensors, metadata: metadata))
      let text = try SavedGraph.read(again, .standard).graph.text(.init(origins: true))
      #expect(text == saved.graph.text(.init(origins: true)))
    }
    #expect(loaded > 0)
    #expect(loaded < count)
  }

  /// A sound file, and what it is made of.
  struct Base {
    let bytes: [UInt8]
    let tensors: [(String, Tensor)]
    let metadata: [(String, String)]
    /// The graphs of some generated cases of every op of the catalogue.
    let texts: [String]

    init() throws {
      texts = try OpCatalog.standard.ops.flatMap { op in
        let cases = CaseGenerator.cases(of: op)
        return try [0, cases.count / 2, cases.count - 1].filter(cases.indices.contains).map {
          try cases[$0].graph().text(.init(origins: true, inlineElements: 512))
        }
      }
      (tensors, metadata) = try SavedGraphTests.classifier().savedParts(SavedGraphTests.values())
      bytes = try Safetensors.bytes(tensors: tensors, metadata: metadata)
    }

    /// The file's bytes, some of them changed, cut or doubled.
    func flipped(_ random: inout SplitMix) -> [UInt8] {
      var mutant = bytes
      // The padding of the header is not worth the mutations.
      let used = (bytes[8...].lastIndex(of: UInt8(ascii: "}")) ?? 8) + 1
      for _ in 0..<(1 + random.below(4)) {
        let place = random.below(min(used, mutant.count))
        switch random.below(5) {
        case 0: mutant[place] ^= UInt8(1 << random.below(8))
        case 1: mutant[place] = UInt8(random.below(256))
        case 2: mutant.removeSubrange(place..<min(mutant.count, place + random.below(20)))
        case 3: mutant.insert(UInt8(random.below(256)), at: place)
        default: mutant.removeLast(random.below(mutant.count / 2))
        }
        if mutant.isEmpty { return mutant }
      }
      return mutant
    }

    /// A sound safetensors file with a changed graph.
    func edited(_ random: inout SplitMix) throws -> [UInt8] {
      let place = random.below(texts.count + 20)
      var text = Array((place < texts.count ? texts[place] : metadata[2].1).utf8)
      let words = [
        "%0", "%1", "f32[2]", "-1", "9223372036854775807", "4611686018427387903", "batch", "{", "}",
        "(", ")", "[", "]", "[0, 1]", ", ", "add", "constant", "reduce", "softmax@2", "\"x\"", "=",
        "1e308", "region () {} -> ()", "i8", "string", "bool", "symbol n max 3\n", "0",
        "70000000000",
      ].map { Array($0.utf8) }
      for _ in 0..<(1 + random.below(3)) {
        let place = random.below(text.count)
        switch random.below(6) {
        case 0: text[place] = UInt8(0x20 + random.below(0x5F))
        case 1: text.removeSubrange(place..<min(text.count, place + 1 + random.below(12)))
        case 2: text.insert(contentsOf: words[random.below(words.count)], at: place)
        case 3:
          // Another number in the place of one.
          guard let digit = text[place...].firstIndex(where: { $0 >= 0x30 && $0 <= 0x39 }) else {
            continue
          }
          let end = text[digit...].firstIndex { $0 < 0x30 || $0 > 0x39 } ?? text.endIndex
          text.replaceSubrange(digit..<end, with: Array("\(random.below(12))".utf8))
        case 4:
          let other = random.below(text.count)
          let piece = Array(text[other..<min(text.count, other + random.below(60))])
          text.insert(contentsOf: piece, at: place)
        default:
          let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false)
          let line = random.below(lines.count)
          text = Array((lines[..<line] + lines[(line + 1)...]).joined(separator: [0x0A]))
          if text.isEmpty { text = [0x20] }
        }
      }
      var metadata = metadata
      metadata[2].1 = String(decoding: text, as: UTF8.self)
      return try Safetensors.bytes(
        tensors: place < texts.count ? [] : tensors, metadata: metadata)
    }
  }
}
