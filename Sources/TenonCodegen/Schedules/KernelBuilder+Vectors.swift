import TenonGraph
import TenonTensor

extension KernelBuilder {
  /// A loop over vectors: blocks of `unrolling` vectors, then single vectors, then the lanes that
  /// are left. `body` gets the first index, how many vectors, and how many lanes are real.
  func vectorLoop(
    _ range: LoopRange, lanes: Int, unrolling: Int,
    _ body: (IndexExpression, Int, ValueIndex?) -> Void
  ) {
    var lower = range.lower
    let length = range.upper - range.lower
    func run(_ step: Int, _ vectors: Int) {
      let whole = wholeSteps(range.upper - lower, step)
      if whole == IndexExpression(0) { return }
      let upper = lower + whole
      loop(from: lower, to: upper, step: step) { variable in
        bound(variable, below: range.loop.extent)
        body(variable, vectors, nil)
      }
      lower = upper
    }
    if unrolling > 1 { run(lanes * unrolling, unrolling) }
    run(lanes, 1)
    if let size = length.constantValue?.constant {
      if size % lanes == 0 { return }
      loop(from: lower, to: range.upper, step: lanes) { variable in
        bound(variable, below: range.loop.extent)
        body(variable, 1, index(IndexExpression(Dimension(size % lanes))))
      }
    } else {
      loop(from: lower, to: range.upper, step: lanes) { variable in
        bound(variable, below: range.loop.extent)
        body(variable, 1, index(range.upper - variable))
      }
    }
  }

  /// The largest multiple of `step` in a length.
  func wholeSteps(_ length: IndexExpression, _ step: Int) -> IndexExpression {
    if let size = length.constantValue?.constant {
      return IndexExpression(Dimension(size / step * step))
    }
    let divisor = index(IndexExpression(Dimension(step)))
    let quotient = define(
      .floorDivide(index(length), divisor), LaneType(.i64))
    return IndexExpression.scalar(quotient) * Dimension(step)
  }
}
