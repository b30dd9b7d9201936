import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// Losses of classes.
  static let losses: [ONNXOperator] = [
    ONNXOperator("NegativeLogLikelihoodLoss", since: [12, 13, 22]) { node in
      let logs = try node.input(0)
      return try node.loss(logs.withClassesLast()) { rows, labels in
        try rows.graph.apply1(NegativeLogLikelihood(), [rows, labels], site: CallSite())
      }
    },
    ONNXOperator(many: "SoftmaxCrossEntropyLoss", since: [12, 13]) { node in
      let scores = try node.input(0)
      try node.require(scores.rank >= 2, "scores need an axis of classes, the second")
      let loss = try node.loss(scores.withClassesLast()) { try crossEntropy($0, labels: $1) }
      return node.wants(1) ? [loss, try logSoftmax(scores, axis: 1)] : [loss]
    },
  ]
}

extension Value {
  /// (N, C, d1, …) as (N, d1, …, C).
  fileprivate func withClassesLast() throws -> Value {
    if rank <= 2 { return self }
    return try transpose(self, [0] + Array(2..<rank) + [1])
  }
}

extension ONNXNode {
  /// The loss of each row with its label (input 1), times the label's weight (input 2), 0 for
  /// ignored labels, reduced as the attribute says: a mean is over the weights.
  fileprivate func loss(_ rows: Value, _ record: (Value, Value) throws -> Value) throws -> Value {
    let labels = try input(1)
    try require(rows.rank >= 2, "scores need an axis of classes, the second")
    var losses = try record(rows, labels)
    var weights: Value?
    if let given = try optionalInput(2) { weights = try take(given, labels) }
    if let ignored = try integer("ignore_index") {
      let zero = try losses.filled(0, site: CallSite())
      let isIgnored = try equal(labels, ignored)
      losses = try select(isIgnored, zero, losses)
      let one = try losses.filled(1, site: CallSite())
      weights = try select(isIgnored, zero, weights ?? one)
    }
    if let weights, has(2) { losses = try losses * weights }
    switch try string("reduction", default: "mean") {
    case "none": return losses
    case "sum": return try sum(losses)
    case "mean": return try weights.map { try sum(losses) / sum($0) } ?? mean(losses)
    case let other: throw fail("reduction must be none, sum or mean, not \(other)")
    }
  }
}
