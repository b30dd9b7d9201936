import Glibc
import Testing

@testable import TenonGraph

/// A value that knows only where it was recorded, with operators as the catalogue declares them.
private struct Recorded {
  var site: CallSite

  @_transparent
  static func + (a: Recorded, b: Recorded) throws -> Recorded { Recorded(site: here()) }

  static func named(fileID: StaticString = #fileID, line: UInt = #line) -> Recorded {
    Recorded(site: CallSite(fileID: fileID, line: line))
  }

  subscript(_ index: Int, fileID: StaticString = #fileID, line: UInt = #line) -> Recorded {
    Recorded(site: CallSite(fileID: fileID, line: line))
  }

  var lines: [String] {
    let table = OriginTable()
    return table.lines(table.leaf(site))
  }
}

private func line(_ line: UInt) -> [String] { ["\(#fileID):\(line)"] }

@Suite struct CallSiteTests {
  private let value = Recorded.named()

  @Test func namedCallsAndSubscripts() {
    #expect(Recorded.named().lines == line(#line))
    #expect(value[0].lines == line(#line))
  }

  @Test func operators() throws {
    let sum = try value + value
    #expect(sum.lines == line(#line - 1))
    let several =
      try value
      + value
    #expect(several.lines == line(#line - 1))
  }

  @Test func operatorsInOneExpressionAreDifferentPlacesWithOneLine() throws {
    let table = OriginTable()
    func identified(_ value: Recorded) -> OriginID { table.leaf(value.site) }
    let (a, b) = (identified(try value + value), identified(try value + value))
    #expect(a != b)
    #expect(table.lines(table.union(a, b)) == line(#line - 2))
  }

  @Test func operatorsInClosuresAndLoops() throws {
    let table = OriginTable()
    let origins = try (0..<3).map { _ in
      table.leaf(try (value + value).site)
    }
    // An unrolled loop is several places with one line.
    #expect(table.lines(origins.reduce(.none, table.union)) == line(#line - 3))
  }

  private func added<T>(_ value: Recorded, _ other: T) throws -> Recorded { try value + value }

  @Test func operatorsInGenericFunctions() throws {
    #expect(try added(value, 1).lines == line(#line - 3))
    #expect(try added(value, "a").lines == line(#line - 4))
  }

  @Test func operatorsInAsynchronousFunctions() async throws {
    await Task.yield()
    let sum = try value + value
    await Task.yield()
    #expect(sum.lines == line(#line - 2))
  }

  @Test func theFramesAroundACallAreKept() throws {
    guard case .code(let addresses) = try (value + value).site.place else {
      Issue.record("an operator records return addresses")
      return
    }
    #expect(addresses.primary != 0)
    #expect(addresses.callers.0 != 0)
    #expect(addresses.callers.1 != 0)
    #expect(addresses.callers.2 != 0)
  }

  @Test func anAddressOutsideOfAllImages() {
    let table = OriginTable()
    let site = CallSite(.init(primary: 0x11, callers: (0, 0, 0)))
    #expect(table.lines(table.leaf(site)) == ["0x10"])
    let nowhere = CallSite(.init(primary: 0, callers: (0, 0, 0)))
    #expect(table.lines(table.leaf(nowhere)) == ["unknown"])
  }

  @Test func aLibraryWithoutDebugInformation() throws {
    let function = try #require(dlsym(nil, "qsort"))
    let table = OriginTable()
    let site = CallSite(.init(primary: UInt(bitPattern: function) + 4, callers: (0, 0, 0)))
    #expect(table.lines(table.leaf(site)) == ["qsort + 3"])
  }
}
