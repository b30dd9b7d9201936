import TenonTensor
import Testing

@testable import TenonGraph

@Suite struct RegionsTests {
  @Test func capturesPassThroughNestedRegions() throws {
    let graph = Graph("g")
    try graph.entry("run") {
      let c = try graph.input("c", .bool, [])
      let x = try graph.input("x", .f32, [2])
      let y = try graph.input("y", .f32, [2])
      let result = try Either.record(c) {
        try Either.record(c) {
          [try graph.add(Plus(), x, y)[0]]
        } else: {
          [y]
        }
      } else: {
        [try graph.add(Plus(), x, x)[0]]
      }
      try graph.output("z", result[0])
    }
    try graph.verify()
    #expect(
      graph.text() == """
        graph "g" {
          entry "run" ("c" %0: bool[], "x" %1: f32[2], "y" %2: f32[2]) {
            %3 "z" = either(%0, %1, %2, %0): f32[2]
              region (%4: f32[2], %5: f32[2], %6: bool[]) {
                %7 = either(%6, %4, %5): f32[2]
                  region (%8: f32[2], %9: f32[2]) {
                    %10 = plus(%8, %9): f32[2]
                  } -> (%10)
                  region (%11: f32[2], %12: f32[2]) {
                  } -> (%12)
              } -> (%7)
              region (%13: f32[2], %14: f32[2], %15: bool[]) {
                %16 = plus(%13, %13): f32[2]
              } -> (%16)
          } -> ("z" %3)
        }

        """)
  }

  @Test func capturedSizesStayKnown() throws {
    let graph = Graph("g")
    let c = try graph.input("c", .bool, [])
    let sizes = try graph.add(Numbers(values: [2, Dimension(.bound("n"))]))[0]
    let result = try Either.record(c) {
      [try graph.add(Filled(), sizes)[0]]
    } else: {
      [
        try graph.add(
          Filled(), graph.add(Plus(), sizes, graph.add(Numbers(values: [0, 0]))[0])[0])[0]
      ]
    }
    #expect(result[0].type.description == "f32[2, n]")
    try graph.verify()
    let text = graph.text()
    #expect(text.count(of: ": i64[2] = [2, n]) {\n") == 2)
    #expect(try Graph(parsing: text, catalog: .tests).text() == text)
  }

  @Test func closedRegionsSeeNothingOutside() throws {
    let graph = Graph("g")
    let x = try graph.input("x", .f32, [2])
    let rule =
      "an operand belongs to another entry or to a region that has ended; "
      + "pass it as an input, a variable or a result"
    #expect(throws: TenonError("foreign-value", "plus: \(rule)", location: "T/a.swift:1")) {
      try graph.recordClosedRegion([x.type]) { [try graph.add(Plus(), $0[0], x)[0]] }
    }
    #expect(throws: TenonError("foreign-value", "region: \(rule)")) {
      try graph.recordClosedRegion([x.type]) { _ in [x] }
    }
    let region = try graph.recordClosedRegion([x.type, x.type]) {
      try graph.add(Plus(), $0[0], $0[1])
    }
    #expect(graph.nodes(region).count == 1)
    #expect(graph.results(region) == [graph.result(graph.nodes(region)[0])])
    try graph.output("y", graph.add(Plus(), x, x)[0])
    try graph.verify()
    #expect(graph.liveNodeCount == 1)
  }

  @Test func portsBelongToEntries() throws {
    let graph = Graph("g")
    let c = try graph.input("c", .bool, [])
    let w = try graph.variable("w") { try $0.add(Source(element: .f32, shape: []))[0] }
    let rule =
      "inputs, outputs and variables belong to an entry, not to a region inside it; "
      + "read or declare them outside the region"
    for body in [
      { _ = try graph.input("x", .f32, [], fileID: "T/a.swift", line: 2) },
      { _ = try w.read(fileID: "T/a.swift", line: 2) },
      { try graph.output("y", c, fileID: "T/a.swift", line: 2) },
    ] as [() throws -> Void] {
      #expect(throws: TenonError("port-in-region", rule, location: "T/a.swift:2")) {
        _ = try Either.record(c) {
          try body()
          return []
        } else: {
          []
        }
      }
    }
    // The entry goes on where it was.
    try graph.output("y", w.read())
    try graph.verify()
    #expect(graph.entries.map(\.name) == ["main", "initialize"])
  }

  @Test func nestingIsBounded() throws {
    let graph = Graph("g")
    let c = try graph.input("c", .bool, [])
    func nest(_ depth: Int) throws -> [Value] {
      if depth == 0 { return [c] }
      return try Either.record(c) {
        try nest(depth - 1)
      } else: {
        [c]
      }
    }
    #expect(throws: TenonError("region-depth", "regions nest deeper than the 64 allowed")) {
      try nest(65)
    }
    try graph.output("y", nest(64)[0])
    try graph.verify()
    let text = graph.text()
    #expect(try Graph(parsing: text, catalog: .tests).text() == text)
  }
}
