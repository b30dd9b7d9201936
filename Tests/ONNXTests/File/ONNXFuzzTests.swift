import FoundationEssentials
import Glibc
import SwiftProtobuf
import TenonTensor
import TenonTestKit
import Testing

@testable import TenonONNX

/// Mutated models: each is refused with one `TenonError` or becomes a graph that verifies. A crash,
/// a hang or memory without bound ends the test run.
@Suite(.serialized) struct ONNXFuzzTests {
  @Test func mutatedModelsAreRefusedOrSound() throws {
    func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
    let count = number("TENON_FUZZ_COUNT") ?? 300
    var random = SplitMix(seed: UInt64(number("TENON_FUZZ_SEED") ?? 1))
    let originals = try FuzzModels.all()
    var (sound, refused) = (0, 0)
    for round in 0..<count {
      let original = originals[round % originals.count]
      let bytes = round % 2 == 0 ? flipped(original, &random) : try edited(original, &random)
      do {
        let graph = try ONNXModel(bytes, name: "m").graph().graph
        try graph.verify()
        sound += 1
      } catch let error as TenonError {
        refused += 1
        #expect(!error.message.isEmpty)
        #expect("\(error)".utf8.count < 20_000)
      }
    }
    #expect(sound > 0)
    #expect(refused > count / 8)
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    #expect(usage.ru_maxrss < 6 << 20, "peak memory in kB")
  }

  /// The bytes with some changed, cut or doubled.
  private func flipped(_ original: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = original
    for _ in 0..<(1 + random.below(4)) where !bytes.isEmpty {
      let place = random.below(bytes.count)
      switch random.below(7) {
      case 0: bytes[place] ^= UInt8(1 << random.below(8))
      case 1: bytes[place] = UInt8(random.below(256))
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + random.below(12)))
      case 3: bytes.insert(UInt8(random.below(256)), at: place)
      case 4: for index in place..<min(bytes.count, place + 9) { bytes[index] = 0xFF }
      case 5:
        let end = min(bytes.count, place + random.below(60))
        bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count))
      default: bytes.removeLast(random.below(bytes.count / 2 + 1))
      }
    }
    return bytes
  }

  /// A well-formed model with something in it that does not fit.
  private func edited(_ original: [UInt8], _ random: inout SplitMix) throws -> [UInt8] {
    var model = try ONNXModelProto(serializedBytes: original)
    let sizes: [Int64] = [-1, 0, 1, 2, 3, 7, 1 << 31, 1 << 40, 1 << 62, .max, .min]
    func size() -> Int64 { sizes[random.below(sizes.count)] }
    for _ in 0..<(1 + random.below(3)) {
      let names = model.graph.node.flatMap { $0.input + $0.output } + ["", "none"]
      func name() -> String { names[random.below(names.count)] }
      let node = random.below(max(1, model.graph.node.count))
      switch random.below(12) {
      case 0 where !model.graph.node.isEmpty:
        for place in model.graph.node[node].input.indices where random.below(2) == 0 {
          model.graph.node[node].input[place] = name()
        }
      case 1 where !model.graph.node.isEmpty:
        for place in model.graph.node[node].output.indices {
          model.graph.node[node].output[place] = name()
        }
      case 2 where !model.graph.node.isEmpty:
        let other = model.graph.node[random.below(model.graph.node.count)]
        model.graph.node[node].opType = other.opType
      case 3 where !model.graph.node.isEmpty:
        for place in model.graph.node[node].attribute.indices {
          model.graph.node[node].attribute[place].i = size()
          for index in model.graph.node[node].attribute[place].ints.indices {
            model.graph.node[node].attribute[place].ints[index] = size()
          }
        }
      case 4 where !model.graph.node.isEmpty:
        for place in model.graph.node[node].attribute.indices {
          model.graph.node[node].attribute[place].type =
            ONNXAttributeProto.AttributeType(rawValue: random.below(14)) ?? .int
        }
      case 5 where !model.graph.node.isEmpty: model.graph.node.remove(at: node)
      case 6 where !model.graph.initializer.isEmpty:
        let place = random.below(model.graph.initializer.count)
        let count = model.graph.initializer[place].dims.count
        if count > 0 { model.graph.initializer[place].dims[random.below(count)] = size() }
      case 7 where !model.graph.initializer.isEmpty:
        model.graph.initializer[random.below(model.graph.initializer.count)].dataType =
          Int32(random.below(30))
      case 8 where !model.graph.input.isEmpty:
        let place = random.below(model.graph.input.count)
        for axis in model.graph.input[place].type.tensorType.shape.dim.indices
        where random.below(2) == 0 {
          model.graph.input[place].type.tensorType.shape.dim[axis].dimValue = size()
        }
      case 9 where !model.graph.input.isEmpty:
        model.graph.input[random.below(model.graph.input.count)].type.tensorType.elemType =
          Int32(random.below(30))
      case 10 where !model.opsetImport.isEmpty:
        model.opsetImport[0].version = [0, 1, 7, 13, 28, 99, .max, -1][random.below(8)]
      case 11 where !model.graph.output.isEmpty: model.graph.output[0].name = name()
      default: model.graph.node += model.graph.node.prefix(1)
      }
    }
    return try model.serializedBytes()
  }
}

/// Small models of many kinds.
enum FuzzModels {
  static func all() throws -> [[UInt8]] {
    var arithmetic = ONNXSketch()
    arithmetic.input("x", .f32, ["batch", "4"])
    arithmetic.input("y", .f32, ["4"])
    arithmetic.node("Add", ["x", "y"], ["a"], name: "add")
    arithmetic.node("Mul", ["a", "x"], ["b"], name: "mul")
    arithmetic.node("Neg", ["b"], ["c"], name: "neg")
    arithmetic.output("c")
    var shapes = ONNXSketch()
    shapes.input("x", .f32, ["2", "6"])
    shapes.initializer("shape", [3, -1])
    shapes.node("Reshape", ["x", "shape"], ["r"], name: "reshape")
    shapes.node("Abs", ["r"], ["z"], name: "abs")
    shapes.output("z")
    var weights = ONNXSketch()
    weights.input("x", .f32, ["40"])
    weights.model.graph.initializer = [
      ModelBytes.tensor(1, [40], name: "raw") { $0.rawData = Data(count: 160) },
      ModelBytes.tensor(1, [40], name: "typed") { $0.floatData = [Float](repeating: 1, count: 40) },
      ModelBytes.tensor(22, [40], name: "packed") { $0.rawData = Data(count: 20) },
      ModelBytes.tensor(8, [1], name: "text") { $0.stringData = [Data("a".utf8)] },
    ]
    weights.node("Add", ["x", "raw"], ["a"], name: "add")
    weights.node("Sub", ["a", "typed"], ["z"], name: "sub")
    weights.output("z")
    return try [arithmetic.bytes, shapes.bytes, weights.bytes, nested().bytes]
  }

  /// A function whose node calls another one.
  private static func nested() -> ONNXSketch {
    var sketch = ONNXSketch()
    sketch.input("x", .f32, ["3"])
    sketch.node("Outer", ["x"], ["z"], name: "call", domain: "f")
    sketch.output("z")
    var domain = ONNXOperatorSetIdProto()
    domain.domain = "f"
    domain.version = 1
    sketch.model.opsetImport.append(domain)
    func function(_ name: String, _ op: String, _ inner: String) -> ONNXFunctionProto {
      var function = ONNXFunctionProto()
      function.name = name
      function.domain = "f"
      function.input = ["i"]
      function.output = ["o"]
      function.opsetImport = sketch.model.opsetImport
      var node = ONNXNodeProto()
      node.opType = op
      node.domain = inner
      node.input = ["i"]
      node.output = ["o"]
      function.node = [node]
      return function
    }
    sketch.model.functions = [function("Outer", "Inner", "f"), function("Inner", "Abs", "")]
    return sketch
  }
}
