import TenonGraph
import TenonTensor

// Which prelude function computes which transcendental function. f32 has functions of its own
// where networks spend their time; the others are computed in f64 and rounded once.
extension CSource {
  mutating func transcendental(_ function: UnaryFunction, _ type: LaneType) -> String {
    switch (function, type.element) {
    case (.exponential, .f32): exponentialSingle(type)
    case (.exponential, _): exponential(type)
    case (.log, .f32): logarithmSingle(type)
    case (.log, _): logarithm(type)
    case (.hyperbolicTangent, .f32): hyperbolicTangentSingle(type)
    case (.errorFunction, .f32): errorFunctionSingle(type)
    case (.logistic, _): logistic(type)
    case (_, .f32): throughDouble(function, type)
    case (.exponentialMinusOne, _): exponentialMinusOne(type)
    case (.logPlusOne, _): logarithmPlusOne(type)
    case (.cubeRoot, _): cubeRoot(type)
    case (.sine, _): trigonometric("sine", type)
    case (.cosine, _): trigonometric("cosine", type)
    case (.tangent, _): trigonometric("tangent", type)
    case (.arcsine, _): arcsine(type)
    case (.arccosine, _): arccosine(type)
    case (.arctangent, _): arctangent(type)
    case (.hyperbolicSine, _): hyperbolicSine(type)
    case (.hyperbolicCosine, _): hyperbolicCosine(type)
    case (.hyperbolicTangent, _): hyperbolicTangent(type)
    case (.inverseHyperbolicSine, _): inverseHyperbolicSine(type)
    case (.inverseHyperbolicCosine, _): inverseHyperbolicCosine(type)
    case (.inverseHyperbolicTangent, _): inverseHyperbolicTangent(type)
    case (.errorFunction, _): errorFunction(type)
    default: preconditionFailure("internal: \(function.rawValue) is not transcendental")
    }
  }

  /// An f32 function by way of f64.
  private mutating func throughDouble(_ function: UnaryFunction, _ type: LaneType) -> String {
    let double = type.with(element: .f64)
    let inner = transcendental(function, double)
    let wide = self.type(double)
    let name = function.rawValue
    return self.function(name, type) {
      "INLINE $T \(name)_$s($T x) { return $convert(\(inner)($convert(x, \(wide))), $T); }"
    }
  }

  /// An f32 function of two values by way of f64.
  mutating func throughDouble(_ name: String, _ inner: String, _ type: LaneType) -> String {
    let wide = self.type(type.with(element: .f64))
    return function(name, type) {
      """
      INLINE $T \(name)_$s($T x, $T y) {
        return $convert(\(inner)($convert(x, \(wide)), $convert(y, \(wide))), $T);
      }
      """
    }
  }
}
