import Tenon

/// Matrix products of odd sizes beside those of the nearest powers of two: how much more a
/// multiply-add costs there. On one thread, with constant weights, calls included.
struct CliffBenchmark {
  private static let rows = [1, 2, 3, 5, 7, 13, 17, 31, 61, 127, 197]
  private static let others = [7, 17, 33, 67, 127, 257, 509]
  private static let rounds = 7
  /// What single products below this many multiply-adds take is the call.
  private static let least = 20_000

  private struct Product: Hashable {
    var m: Int
    var k: Int
    var n: Int

    var work: Int { m * k * n }
    var name: String { "\(m)x\(k)x\(n)" }
    var entry: String { "p" + name }

    /// The same with each size at the nearest power of two.
    var round: Product {
      func nearest(_ size: Int) -> Int {
        let below = 1 << (Int.bitWidth - 1 - size.leadingZeroBitCount)
        return size - below < 2 * below - size ? below : 2 * below
      }
      return Product(m: nearest(m), k: nearest(k), n: nearest(n))
    }
  }

  func run() throws {
    let odd = Self.rows.flatMap { m in
      Self.others.flatMap { k in Self.others.map { Product(m: m, k: k, n: $0) } }
    }.filter { $0.work >= Self.least }
    var times: [Product: [Double]] = [:]
    let all = Array(Set(odd + odd.map(\.round)))
    let (program, feeds) = try Self.program(all)
    for _ in 0..<Self.rounds {
      for product in all {
        let count = max(1, 1_000_000 / product.work)
        let time = try Stopwatch.milliseconds {
          for _ in 0..<count { _ = try program.run(product.entry, feeds[product]!) }
        }
        times[product, default: []].append(time / Double(count * product.work))
      }
    }
    func cost(_ product: Product) -> Double { times[product]!.min()! }
    let ratios = odd.map { (product: $0, ratio: cost($0) / cost($0.round)) }
      .sorted { $0.ratio > $1.ratio }
    let mean = ratios.reduce(0) { $0 + $1.ratio } / Double(ratios.count)
    func text(_ ratio: Double) -> String { "\((ratio * 100).rounded() / 100)" }
    print(
      "\(odd.count) products of odd sizes, a multiply-add beside that of the nearest round shape: "
        + "\(text(mean)) on average")
    for (product, ratio) in ratios.prefix(3) {
      print("  \(product.name) beside \(product.round.name): \(text(ratio))")
    }
  }

  /// An entry for each product.
  private static func program(_ products: [Product]) throws -> (
    Program, feeds: [Product: [String: Tensor]]
  ) {
    let graph = Graph("cliffs")
    var feeds: [Product: [String: Tensor]] = [:]
    for product in products {
      let (m, k, n) = (product.m, product.k, product.n)
      feeds[product] = ["a": try ContractionBenchmark.numbers([m, k])]
      try graph.entry(product.entry) {
        let a = try graph.input("a", .f32, [Dimension(m), Dimension(k)])
        let b = try graph.constant(ContractionBenchmark.numbers([k, n]))
        try graph.output("result", matmul(a, b))
      }
    }
    return (try compile(graph, CompileOptions(threads: 1)), feeds)
  }
}
