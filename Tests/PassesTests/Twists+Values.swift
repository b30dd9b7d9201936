import TenonGraph
import TenonOps
import TenonTensor

enum DifferenceOfItself: Twist {
  static let ops = OpSelection.types(Subtract.self)
  static func record(_ graph: Graph) throws -> Value {
    let x = try graph.x([3])
    return try graph.twisted(Subtract(), x, x)
  }
  static func recordRight(_ graph: Graph) throws -> Value {
    let x = try graph.x([3], .i32)
    return try graph.twisted(Subtract(), x, x)
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    try site.result().filled(0, site: CallSite())
  }
  static func right(_ site: RewriteSite) throws -> Value? { try wrong(site) }
}

enum ProductWithZero: Twist {
  static let ops = OpSelection.types(Multiply.self)
  static func record(_ graph: Graph) throws -> Value {
    let x = try graph.x([3])
    return try graph.twisted(Multiply(), x, x.filled(0, site: CallSite()))
  }
  static func recordRight(_ graph: Graph) throws -> Value {
    let x = try graph.x([3], .i32)
    return try graph.twisted(Multiply(), x, x.filled(0, site: CallSite()))
  }
  static func wrong(_ site: RewriteSite) throws -> Value? { site.operand(1) }
  static func right(_ site: RewriteSite) throws -> Value? { site.operand(1) }
}

enum HalvingByShift: Twist {
  static let ops = OpSelection.types(Divide.self)
  static func record(_ graph: Graph) throws -> Value {
    let x = try graph.x([9], .i32)
    return try graph.twisted(Divide(), x, x.filled(2, site: CallSite()))
  }
  static func recordRight(_ graph: Graph) throws -> Value {
    let x = try graph.x([9], .u32)
    return try graph.twisted(Divide(), x, x.filled(2, site: CallSite()))
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    try shiftRightArithmetic(site.operand(0), site.operand(0).filled(1, site: CallSite()))
  }
  static func right(_ site: RewriteSite) throws -> Value? {
    try shiftRightLogical(site.operand(0), site.operand(0).filled(1, site: CallSite()))
  }
}

enum MaximumWithoutNaN: Twist {
  static let ops = OpSelection.types(Maximum.self)
  static func record(_ graph: Graph) throws -> Value {
    try graph.twisted(Maximum(), graph.x([5]), graph.x([5], .f32, "y"))
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    let (x, y) = (site.operand(0), site.operand(1))
    return try select(greater(x, y), x, y)
  }
  static func right(_ site: RewriteSite) throws -> Value? {
    try maximum(site.operand(1), site.operand(0))
  }
}

enum SumLessAddend: Twist {
  static let ops = OpSelection.types(Subtract.self)
  static func record(_ graph: Graph) throws -> Value {
    let (a, b) = (try graph.x([3]), try graph.x([3], .f32, "y"))
    return try graph.twisted(Subtract(), a + b, b)
  }
  static func recordRight(_ graph: Graph) throws -> Value {
    let (a, b) = (try graph.x([3], .i32), try graph.x([3], .i32, "y"))
    return try graph.twisted(Subtract(), a + b, b)
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    guard let (_, sum) = site.producer(site.operand(0), as: Add.self) else { return nil }
    return site.operand(0, of: sum)
  }
  static func right(_ site: RewriteSite) throws -> Value? { try wrong(site) }
}

enum UnsignedCompare: Twist {
  static let ops = OpSelection.types(Compare.self)
  static func record(_ graph: Graph) throws -> Value {
    try graph.twisted(Compare(.less), graph.x([9], .u32), graph.x([9], .u32, "y"))
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    try less(
      bitcast(site.operand(0), to: .i32), bitcast(site.operand(1), to: .i32))
  }
  static func right(_ site: RewriteSite) throws -> Value? {
    try greater(site.operand(1), site.operand(0))
  }
}

enum DroppedConvert: Twist {
  static let ops = OpSelection.types(Convert.self)
  static func record(_ graph: Graph) throws -> Value {
    try graph.twisted(Convert(to: .f32), convert(graph.x([9]), to: .i8))
  }
  static func recordRight(_ graph: Graph) throws -> Value {
    try graph.twisted(Convert(to: .i8), convert(graph.x([9], .i8), to: .f32))
  }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    guard let (_, first) = site.producer(site.operand(0), as: Convert.self) else { return nil }
    return site.operand(0, of: first)
  }
  static func right(_ site: RewriteSite) throws -> Value? { try wrong(site) }
}

enum FoldedWithWrongRounding: Twist {
  static let ops = OpSelection.types(Add.self)
  static func record(_ graph: Graph) throws -> Value {
    try graph.twisted(Add(), graph.scalar(2048, .f16), graph.scalar(1, .f16))
  }
  static func wrong(_ site: RewriteSite) throws -> Value? { try site.graph.scalar(2050, .f16) }
  static func right(_ site: RewriteSite) throws -> Value? { try site.graph.scalar(2048, .f16) }
}

enum RandomNumbersMerged: Twist {
  static let ops = OpSelection.types(RandomBits.self)
  private static func record(_ graph: Graph, steps: (Int, Int)) throws -> Value {
    let key = try graph.x([2], .u32)
    let first = try graph.apply1(
      RandomBits(.u32, [4]), [key, graph.scalar(steps.0, .i64)], site: CallSite())
    return try first - graph.twisted(RandomBits(.u32, [4]), key, graph.scalar(steps.1, .i64))
  }
  static func record(_ graph: Graph) throws -> Value { try record(graph, steps: (1, 2)) }
  static func recordRight(_ graph: Graph) throws -> Value { try record(graph, steps: (1, 1)) }
  static func wrong(_ site: RewriteSite) throws -> Value? {
    let earlier = site.precedingNodes.first { site.graph.op($0) is RandomBits }
    return earlier.map { Value(site.graph, site.graph.result($0)) }
  }
  static func right(_ site: RewriteSite) throws -> Value? { try wrong(site) }
}

enum ValueMergedAcrossBarrier: Twist {
  static let ops = OpSelection.types(OptimizationBarrier.self)
  static func record(_ graph: Graph) throws -> Value {
    let x = try graph.x([4])
    return try x + graph.twisted(OptimizationBarrier(), x)
  }
  static func wrong(_ site: RewriteSite) throws -> Value? { site.operand(0) }
  static func right(_ site: RewriteSite) throws -> Value? {
    try optimizationBarrier([site.operand(0)])[0]
  }
}
