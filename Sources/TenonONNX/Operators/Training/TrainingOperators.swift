import TenonGraph
import TenonOps
import TenonTensor

extension ONNXOperator {
  /// One step of an optimizer (`ai.onnx.preview.training`).
  static let training: [ONNXOperator] = [adagrad, adam, momentum]

  private static let domain = "ai.onnx.preview.training"

  private static let adagrad = ONNXOperator(many: "Adagrad", domain: domain, since: [1]) { node in
    let decay = try node.float("decay_factor", default: 0)
    let epsilon = try node.float("epsilon", default: 0)
    return try node.steps(state: 1) { rate, count, x, gradient, state in
      let slower = try rate / (convert(count, to: rate.elementType) * decay + 1)
      let squares = try state[0] + gradient * gradient
      let step = try gradient * slower.repeated(to: x.shape) / (sqrt(squares) + epsilon)
      return [try x - step, squares]
    }
  }

  private static let adam = ONNXOperator(many: "Adam", domain: domain, since: [1]) { node in
    let alpha = try node.float("alpha", default: Double(Float(0.9)))
    let beta = try node.float("beta", default: Double(Float(0.999)))
    let epsilon = try node.float("epsilon", default: 0)
    let shrinking = try node.float("norm_coefficient_post", default: 0)
    return try node.steps(state: 2) { rate, count, x, gradient, state in
      let first = try state[0] * alpha + gradient * (1 - alpha)
      let second = try state[1] * beta + gradient * gradient * (1 - beta)
      // The powers come near 1, where f32 is too coarse.
      let exponent = try convert(count, to: .f64)
      let one = try exponent.filled(1, site: CallSite())
      let slow = try sqrt(one - pow(one * beta, exponent))
      let factor = try slow / (one - pow(one * alpha, exponent))
      let corrected = try convert(rate, to: .f64) * factor
      let adjusted = try select(
        greater(count, 0), convert(corrected, to: rate.elementType), rate)
      let moved = try x - adjusted.repeated(to: x.shape) * (first / (sqrt(second) + epsilon))
      return [try moved * (1 - shrinking), first, second]
    }
  }

  private static let momentum = ONNXOperator(many: "Momentum", domain: domain, since: [1]) { node in
    let alpha = try node.float("alpha", default: 0)
    let beta = try node.float("beta", default: 1)
    let mode = try node.string("mode", default: "standard")
    try node.require(
      ["standard", "nesterov"].contains(mode), "mode must be standard or nesterov, not \(mode)")
    return try node.steps(state: 1) { rate, count, x, gradient, state in
      // In the first step the gradient counts whole.
      let one = try rate.filled(1, site: CallSite())
      let share = try select(greater(count, 0), one * beta, one)
      let velocity = try state[0] * alpha + gradient * share.repeated(to: x.shape)
      let direction = try mode == "standard" ? velocity : gradient + velocity * alpha
      return [try x - direction * rate.repeated(to: x.shape), velocity]
    }
  }
}

extension ONNXNode {
  /// Steps of all tensors: the inputs are the rate, the count of steps, the tensors, their
  /// gradients and each kind of state; the results the tensors and each kind of state. `step` is
  /// given the gradient with that of the norm added.
  fileprivate func steps(
    state kinds: Int,
    _ step: (_ rate: Value, _ count: Value, _ x: Value, _ gradient: Value, _ state: [Value])
      throws -> [Value]
  ) throws -> [Value] {
    let all = try inputs()
    try require(
      all.count >= 2 && (all.count - 2) % (2 + kinds) == 0,
      "takes a rate, a count, and \(2 + kinds) inputs for each tensor")
    let number = (all.count - 2) / (2 + kinds)
    func group(_ place: Int, _ tensor: Int) -> Value { all[2 + place * number + tensor] }
    let norm = try float("norm_coefficient", default: 0)
    // A rate of shape [1] is one number too.
    let (rate, count) = (try reshape(all[0], []), try reshape(all[1], []))
    var results = [[Value]](repeating: [], count: 1 + kinds)
    for tensor in 0..<number {
      let x = group(0, tensor)
      let regular = try group(1, tensor) + x * norm
      let rateHere = try convert(rate, to: x.elementType)
      let moved = try step(rateHere, count, x, regular, (0..<kinds).map { group(2 + $0, tensor) })
      for (place, value) in moved.enumerated() { results[place].append(value) }
    }
    return results.flatMap { $0 }
  }
}
