import TenonTensor
import Testing

@Suite struct TenonErrorTests {
  @Test func textIsMessageDetailsPlaceAndContext() {
    let error = TenonError(
      "shape-mismatch", "add: operands must have one shape; insert `broadcast` first",
      details: ["operands: x f32[2, 3], y f32[3]", "x from main.swift:9"],
      location: "main.swift:12"
    ).inContext("in pass fuse").inContext("while compiling train")
    #expect(
      error.description == """
        add: operands must have one shape; insert `broadcast` first
          operands: x f32[2, 3], y f32[3]
          x from main.swift:9
          at main.swift:12
          in pass fuse
          while compiling train
        """)
    #expect(error.code.description == "shape-mismatch")
  }

  @Test func contextIsAddedToErrorsOfTenonOnly() {
    struct Other: Error, Equatable {}
    #expect(throws: TenonError("code", "message", context: ["around"])) {
      try TenonError.inContext("around") { throw TenonError("code", "message") }
    }
    #expect(throws: Other()) { try TenonError.inContext("around") { throw Other() } }
    #expect((try? TenonError.inContext("around") { 5 }) == 5)
  }
}
