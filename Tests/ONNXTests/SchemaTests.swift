import SwiftProtobuf
import Testing

@testable import TenonONNX

@Suite struct SchemaTests {
  /// A message written field by field reads back, and unknown fields do no harm.
  @Test func messagesRoundTrip() throws {
    var node = ONNXNodeProto()
    node.opType = "Relu"
    node.input = ["x"]
    node.output = ["y"]
    var model = ONNXModelProto()
    model.graph.node = [node]
    var bytes = try model.serializedBytes() as [UInt8]
    // Field 2000, a varint: 16000 << … as the wire format has it.
    bytes += [0x80, 0x7D, 0x05]
    let read = try ONNXModelProto(serializedBytes: bytes)
    #expect(read.graph.node.map(\.opType) == ["Relu"])
  }
}
