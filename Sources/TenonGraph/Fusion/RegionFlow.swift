/// Who reads whom among the nodes of one region, by their positions in its list.
struct RegionFlow {
  struct Reader {
    var position: Int
    /// Which operand it is; -1 where a node only uses a size that the other reads.
    var operand: Int
  }

  private var positionOfNode: [NodeID: Int] = [:]
  private let graph: Graph
  private var readerStarts: [Int]
  private var readerPool: [Reader]
  private var producerStarts: [Int]
  private var producerPool: [Int] = []

  init(_ region: RegionID, _ graph: Graph) {
    self.graph = graph
    let nodes = graph.nodes(region)
    positionOfNode.reserveCapacity(nodes.count)
    readerStarts = [Int](repeating: 0, count: nodes.count + 2)
    producerStarts = [0]
    producerStarts.reserveCapacity(nodes.count + 1)
    var reads: [(producer: Int, reader: Reader)] = []
    var sizes = SizeReaders(graph, under: [region])
    for (position, node) in nodes.enumerated() {
      let producers =
        graph.operands(node).map { graph.producer($0) }.enumerated()
        + sizes.readers(before: node).map { (offset: -1, element: $0) }
      for (operand, producer) in producers {
        guard let producer, let place = positionOfNode[producer] else { continue }
        producerPool.append(place)
        reads.append((place, Reader(position: position, operand: operand)))
        readerStarts[place + 2] += 1
      }
      producerStarts.append(producerPool.count)
      positionOfNode[node] = position
    }
    for place in readerStarts.indices.dropFirst() { readerStarts[place] += readerStarts[place - 1] }
    readerPool = [Reader](repeating: Reader(position: 0, operand: 0), count: reads.count)
    for (producer, reader) in reads {
      readerPool[readerStarts[producer + 1]] = reader
      readerStarts[producer + 1] += 1
    }
  }

  /// Where the node that gives a value stands; nil for a value from elsewhere.
  func position(of value: ValueID) -> Int? {
    graph.producer(value).flatMap { positionOfNode[$0] }
  }

  /// The reads of a node's results, first reader first.
  func readers(_ position: Int) -> ArraySlice<Reader> {
    readerPool[readerStarts[position]..<readerStarts[position + 1]]
  }

  /// The nodes that a node reads, operand by operand.
  func producers(_ position: Int) -> ArraySlice<Int> {
    producerPool[producerStarts[position]..<producerStarts[position + 1]]
  }
}
