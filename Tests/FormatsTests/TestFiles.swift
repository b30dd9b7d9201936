import Glibc
import TenonFormats
import TenonTensor
import Testing

/// A folder of one test's own, removed with everything in it when the test ends.
final class TestFolder {
  let path: String

  init() {
    var template = Array("/tmp/tenon-formats-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// The path of a file in the folder.
  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// What is in the folder, sorted.
  var names: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

enum TestFiles {
  /// The path of a file that Fixtures/make_fixtures.py wrote.
  static func fixture(_ name: String, from file: String = #filePath) -> String {
    file.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Fixtures/" + name
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    let source = try ByteSource(path: path)
    return try source.copy(0..<source.count)
  }

  /// Writes bytes as they are, not atomically.
  static func write(_ bytes: [UInt8], to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(descriptor >= 0 && Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    close(descriptor)
  }
}

/// A tensor of every element type with unusual bits: every code of the narrow types; NaN payloads,
/// infinities, subnormals and -0 of the wide ones.
enum SampleTensors {
  static func tensor(_ type: ElementType, shape: [Int]) throws -> Tensor {
    if type == .string {
      return try Tensor(
        strings: (0..<RowMajor.count(shape)).map { ["", "a", "größe \"\n", "日本"][$0 % 4] },
        shape: shape)
    }
    return try Tensor(type, shape: shape) { buffer in
      var state: UInt64 = 12345
      for index in buffer.indices {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        // Every third element all ones but for its lowest byte: a NaN with a payload.
        let element = index / type.byteWidth
        let high = element % 3 == 2 && index % type.byteWidth > 0
        let byte = high ? 0xFF : UInt8(truncatingIfNeeded: state >> 33)
        let mask = type == .bool ? 1 : type.bitWidth < 8 ? UInt8(1 << type.bitWidth) - 1 : 0xFF
        buffer[index] = byte & mask
      }
    }
  }
}
