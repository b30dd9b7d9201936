import TenonGraph
import TenonTensor

extension Compute {
  /// Pieces side by side along an axis as one element each: the last piece that has the index.
  init(_ place: Place, pieces: [TensorType], result: TensorType) {
    var program = ScalarProgram()
    let own = result.shape.indices.map { IndexExpression.axis($0) }
    var value =
      result.element.isFloat
      ? program.add(.float(0), result.element) : program.add(.integer(0), result.element)
    for (number, piece) in pieces.enumerated() {
      var index = own
      index[place.axis] = own[place.axis] - IndexExpression(place.offsets[number])
      let guards = [Guard.within(index[place.axis], piece.shape[place.axis])]
      value = program.load(number, piece.element, index, guards: guards, fill: value)
    }
    self.init(axes: result.shape.dimensions, program: program, results: [value])
  }
}
