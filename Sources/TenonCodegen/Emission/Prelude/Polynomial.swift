import TenonTensor

/// A polynomial's coefficients, the constant first: near-minimax fits of smooth functions on an
/// interval (Remez exchange), rounded to nearest.
struct Polynomial {
  var coefficients: [Double]

  init(_ coefficients: [Double]) { self.coefficients = coefficients }

  /// The polynomial of the C variable `x` by Horner's scheme, in a template's `$T`.
  func horner(_ x: String, _ element: ElementType) -> String {
    func constant(_ value: Double) -> String { "($T)(\(CTypes.literal(value, element)))" }
    var text = constant(coefficients.last!)
    for coefficient in coefficients.dropLast().reversed() {
      text = "MULTIPLY_ADD(\(text), \(x), \(constant(coefficient)))"
    }
    return text
  }

  /// (exp r - 1 - r) / r², |r| <= ln 2 / 2.
  static let exponentialSingle = Polynomial([
    0.49999994, 0.16666521, 0.04166839, 0.008368717, 0.0013814609,
  ])
  static let exponential = Polynomial([
    0.5, 0.16666666666666682, 0.041666666666666095, 0.008333333333317072, 0.001388888888911446,
    0.00019841269896304946, 2.4801586928106958e-05, 2.755723492980806e-06, 2.755758098821756e-07,
    2.511201598528653e-08, 2.082681541183905e-09,
  ])

  /// (log(1 + f) - f + f²/2) / f³, sqrt(1/2) <= 1 + f <= sqrt 2.
  static let logarithmSingle = Polynomial([
    0.33333316, -0.25000808, 0.20002286, -0.16624597, 0.14181218, -0.13128398, 0.12881386,
    -0.07860208,
  ])
  /// (log((1 + s) / (1 - s)) / s - 2) / s² of s², where (1 + s) / (1 - s) is in the same range.
  static let logarithm = Polynomial([
    0.6666666666666666, 0.4000000000000367, 0.28571428569758006, 0.22222222561234692,
    0.18181781599638316, 0.15386861675080957, 0.13254743837917907, 0.1321323599901378,
  ])
  /// ((atanh(s) / s - 1) / s² - 1/3) / s² of s², in the same range.
  static let logarithmTail = Polynomial([
    0.19999999999999998, 0.1428571428571527, 0.11111111110541119, 0.09090909221089803,
    0.0769229266828953, 0.06667628011805718, 0.05847817820663423, 0.05910886481585188,
  ])

  /// (tanh(x) - x) / x³ of x², |x| <= 0.625.
  static let tangentSingle = Polynomial([
    -0.33333284, 0.13331515, -0.053745147, 0.020655226, -0.0057216384,
  ])

  /// erf(x) / x - 1 of x², |x| <= 0.95 and |x| <= 1.
  static let errorSingle = Polynomial([
    0.12837917, -0.37612632, 0.112836726, -0.026858104, 0.0051977974, -0.0008105966,
    8.215427e-05,
  ])
  static let error = Polynomial([
    0.1283791670955126, -0.3761263890318375, 0.11283791670954885, -0.02686617064507787,
    0.005223977624828397, -0.0008548326981424025, 0.00012055331132914794,
    -1.4925595771502634e-05, 1.6461008471293004e-06, -1.6350396194584336e-07,
    1.466032877206206e-08, -1.1374956732946101e-09, 5.960688208552324e-11,
  ])
  /// -log(1 - erf(x)), 0.9 <= x <= 4.
  static let errorLogarithmSingle = Polynomial([
    0.00016644922, 1.1277972, 0.6369761, 0.10411367, -0.022315206, 0.0030654885, -0.00019821945,
  ])
  /// -log(1 - erf(x)) / x, 0 <= x <= 4, so that the error of its exponential is least beside
  /// 1 - erf(x) + 0.003.
  static let errorComplementLogarithmSingle = Polynomial([
    1.1283796, 0.63661176, 0.10282296, -0.019272763, -1.0488242e-06, 0.0015622086, -0.0006086625,
    0.00012486409, -1.4026047e-05, 6.7708595e-07,
  ])
  /// exp(x²) (1 - erf(x)) (x + 2.6) of (x - 2.6) / (x + 2.6), 1 <= x <= 6.
  static let errorComplement = Polynomial([
    1.0587888862548904, -0.8229323076756201, 0.4841274407820091, -0.1996470302519065,
    0.044248964606795727, 0.004354506291569236, -0.005693925796828509, 0.00040212130537016434,
    0.0007190545482203298, -9.366581912730053e-05, -0.00011918880271577467,
    -2.6423494778482572e-06, 9.996395138115731e-06,
  ])

  /// (sin(x) - x) / x³ of x², |x| <= pi/4.
  static let sine = Polynomial([
    -0.16666666666666632, 0.008333333333322457, -0.00019841269829816788, 2.755731368909029e-06,
    -2.5050756974681384e-08, 1.589669740475962e-10,
  ])
  /// (cos(x) - 1 + x²/2) / x⁴ of x², |x| <= pi/4.
  static let cosine = Polynomial([
    0.0416666666666666, -0.001388888888887411, 2.48015872894594e-05, -2.7557314342559244e-07,
    2.087572158774078e-09, -1.1359544817335524e-11,
  ])
  /// (atan(x) - x) / x³ of x², |x| <= tan(pi/8).
  static let arctangent = Polynomial([
    -0.3333333333333323, 0.19999999999961612, -0.1428571428087574, 0.11111110813094079,
    -0.09090898519852861, 0.0769207254772969, -0.06663233181769115, 0.05848763082849525,
    -0.05042993649801517, 0.03815291738306653, -0.017998891644080008,
  ])
  /// (asin(x) - x) / x³ of x², |x| <= 1/2.
  static let arcsine = Polynomial([
    0.16666666666666738, 0.07499999999975177, 0.04464285717122871, 0.03038194284518531,
    0.022372211615655006, 0.017351665848805563, 0.013980238208099833, 0.01140326272266733,
    0.010757774730387526, 0.003785297245743617, 0.021527915367173828, -0.02076007432610714,
    0.03248734904652445,
  ])
}
