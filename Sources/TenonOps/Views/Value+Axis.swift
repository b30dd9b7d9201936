import TenonGraph
import TenonTensor

extension Value {
  /// An axis counted from the front; negative ones count from the back.
  ///
  /// - Throws: `axis` where it is out of range.
  func axis(_ axis: Int, of op: String, site: CallSite) throws -> Int {
    guard axis >= -rank && axis < rank else {
      throw TenonError.axisRange(op, axis, self, site)
    }
    return axis < 0 ? axis + rank : axis
  }
}
