import TenonFormats
import TenonTensor
import Testing

/// What the reader refuses, and in which words.
@Suite struct SafetensorsRefusalTests {
  static func entry(_ type: String, _ shape: String, _ offsets: String) -> String {
    #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  /// Header text, bytes of data, and the message after `f: `.
  static let headers: [(String, Int, String)] = [
    ("[]", 0, "no safetensors file: its header does not begin with `{`"),
    (" {}", 0, "no safetensors file: its header does not begin with `{`"),
    ("", 0, "no safetensors file: its header does not begin with `{`"),
    ("{", 0, "invalid JSON at byte 9: expected a key in quotes"),
    ("{}x", 0, "invalid JSON at byte 10: expected the end after the value"),
    ("{}\0", 0, "invalid JSON at byte 10: expected the end after the value"),
    (#"{"a":1}"#, 0, "tensor `a` must be described by an object, not a number"),
    (#"{"__metadata__":[]}"#, 0, "`__metadata__` must be an object of strings, not an array"),
    (#"{"__metadata__":{"k":1}}"#, 0, "metadata `k` must be a string, not a number"),
    (#"{"__metadata__":null}"#, 0, "`__metadata__` must be an object of strings, not null"),
    (
      #"{"__metadata__":{"k":"1","k":"2"}}"#, 0,
      "invalid JSON at byte 33: the key `k` comes twice in one object"
    ),
    (
      #"{"a":\#(entry("U8", "[0]", "[0,0]")),"a":\#(entry("U8", "[0]", "[0,0]"))}"#, 0,
      "invalid JSON at byte 61: the key `a` comes twice in one object"
    ),
    (#"{"a":{"shape":[1],"data_offsets":[0,1]}}"#, 1, "tensor `a` has no `dtype`"),
    (#"{"a":{"dtype":1,"shape":[1],"data_offsets":[0,1]}}"#, 1, "tensor `a` has no `dtype`"),
    (#"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, 1, "tensor `a` has no `shape`"),
    (
      #"{"a":{"dtype":"U8","shape":[1]}}"#, 1,
      "tensor `a`: `data_offsets` must be two integers, the first not above the second"
    ),
    (
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":0}}"#, 1,
      "tensor `a` has the unknown key `x`"
    ),
    (
      #"{"a":\#(entry("U9", "[1]", "[0,1]"))}"#, 1,
      "tensor `a` has the dtype `U9`, which Tenon does not read"
    ),
    (
      #"{"a":\#(entry("F6_E2M3", "[4]", "[0,3]"))}"#, 3,
      "tensor `a` has the dtype `F6_E2M3`, which Tenon does not read"
    ),
    (#"{"a":\#(entry("U8", "[-1]", "[0,1]"))}"#, 1, shapeRule),
    (#"{"a":\#(entry("U8", "[1.0]", "[0,1]"))}"#, 1, shapeRule),
    (#"{"a":\#(entry("U8", "[\"1\"]", "[0,1]"))}"#, 1, shapeRule),
    (#"{"a":\#(entry("U8", "[9223372036854775808]", "[0,1]"))}"#, 1, shapeRule),
    (#"{"a":\#(entry("U8", "[9223372036854775807]", "[0,1]"))}"#, 1, shapeRule),
    (#"{"a":\#(entry("U8", "[0,281474976710657]", "[0,0]"))}"#, 0, shapeRule),
    (
      #"{"a":\#(entry("U8", "[\(String(repeating: "1,", count: 64))1]", "[0,1]"))}"#, 1, shapeRule
    ),
    (#"{"a":\#(entry("U8", "[1]", "[0]"))}"#, 1, offsetRule),
    (#"{"a":\#(entry("U8", "[1]", "[0,1,2]"))}"#, 1, offsetRule),
    (#"{"a":\#(entry("U8", "[1]", "[1,0]"))}"#, 1, offsetRule),
    (#"{"a":\#(entry("U8", "[1]", "[-1,0]"))}"#, 1, offsetRule),
    (#"{"a":\#(entry("U8", "[1]", "[0,1.5]"))}"#, 1, offsetRule),
    (#"{"a":\#(entry("U8", "[1]", "[0,18446744073709551616]"))}"#, 1, offsetRule),
    (
      #"{"a":\#(entry("U8", "[2]", "[0,2]"))}"#, 1,
      "tensor `a` ends at byte 2 of the data, which holds 1; the file is cut short"
    ),
    (
      #"{"a":\#(entry("U8", "[9]", "[0,9223372036854775807]"))}"#, 1,
      "tensor `a` ends at byte 9223372036854775807 of the data, which holds 1; "
        + "the file is cut short"
    ),
    (
      #"{"a":\#(entry("F32", "[2]", "[0,4]"))}"#, 4,
      "tensor `a`: F32[2] does not take the 4 bytes that its `data_offsets` give it"
    ),
    (
      #"{"a":\#(entry("F32", "[]", "[0,0]"))}"#, 0,
      "tensor `a`: F32[] does not take the 0 bytes that its `data_offsets` give it"
    ),
    (
      #"{"a":\#(entry("F4", "[3]", "[0,2]"))}"#, 2,
      "tensor `a`: F4[3] does not take the 2 bytes that its `data_offsets` give it"
    ),
    (
      #"{"a":\#(entry("U64", "[281474976710656,281474976710656]", "[0,8]"))}"#, 8,
      "tensor `a`: U64[281474976710656, 281474976710656] does not take the 8 bytes that its "
        + "`data_offsets` give it"
    ),
    (
      #"{"a":\#(entry("U8", "[2]", "[0,2]")),"b":\#(entry("U8", "[2]", "[1,3]"))}"#, 3,
      "tensors `a` and `b` share bytes"
    ),
    (
      #"{"b":\#(entry("U8", "[2]", "[0,2]")),"a":\#(entry("U8", "[2]", "[0,2]"))}"#, 2,
      "tensors `b` and `a` share bytes"
    ),
    (
      #"{"a":\#(entry("U8", "[1]", "[0,1]")),"b":\#(entry("U8", "[1]", "[3,4]"))}"#, 4,
      "2 bytes before tensor `b` belong to no tensor"
    ),
    (#"{"a":\#(entry("U8", "[1]", "[1,2]"))}"#, 2, "1 bytes before tensor `a` belong to no tensor"),
    (#"{"a":\#(entry("U8", "[1]", "[0,1]"))}"#, 3, "2 bytes at the end belong to no tensor"),
    ("{}", 5, "5 bytes at the end belong to no tensor"),
    (
      #"{"\ud800":1}"#, 0,
      "invalid JSON at byte 10: an escaped surrogate without its other half"
    ),
    (
      #"{"line\nbreak":1}"#, 0,
      "tensor `line\\nbreak` must be described by an object, not a number"
    ),
  ]

  static let shapeRule =
    "tensor `a`: a shape is at most 64 integers from 0 to 281474976710656"
  static let offsetRule =
    "tensor `a`: `data_offsets` must be two integers, the first not above the second"

  @Test(arguments: headers) func refuses(header: String, data: Int, message: String) {
    let bytes =
      littleEndian(UInt64(header.utf8.count)) + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
    expectRefusal(bytes, message)
  }

  @Test func refusesLengthsThatCannotBe() {
    expectRefusal(
      [], "no safetensors file: it holds 0 bytes, and the length of its header alone takes 8")
    expectRefusal(
      [1, 2, 3, 4, 5, 6, 7],
      "no safetensors file: it holds 7 bytes, and the length of its header alone takes 8")
    expectRefusal(
      littleEndian(UInt64(3)) + [0x7B, 0x7D],
      "the header takes 3 bytes but only 2 follow; the file is cut short")
    expectRefusal(
      littleEndian(UInt64(100_000_001)) + [0x7B],
      "no safetensors file: its header would take 100000001 bytes, and 100000000 are allowed")
    expectRefusal(
      littleEndian(UInt64.max) + [0x7B],
      "no safetensors file: its header would take 18446744073709551615 bytes, and 100000000 are "
        + "allowed")
  }

  @Test func refusesTextThatIsNotUTF8() {
    let header: [UInt8] = [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]
    expectRefusal(
      littleEndian(UInt64(7)) + header,
      "invalid JSON at byte 9: a string that is not valid UTF-8")
  }

  func expectRefusal(
    _ bytes: [UInt8], _ message: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let code: TenonError.Code = message.hasPrefix("invalid JSON") ? "json" : "safetensors"
    #expect(throws: TenonError(code, "f: " + message), sourceLocation: sourceLocation) {
      try SafetensorsFile(bytes: bytes, name: "f")
    }
  }
}
