import TenonTensor

/// How an op becomes loops: data of a small closed vocabulary, from which backends claim by kind.
public enum Lowering: Hashable, Sendable {
  /// Each result element is an expression, possibly over a reduction domain.
  case compute(Compute)
  /// Updates combined into a copy of a destination, in ascending order of the updates.
  case scatter(Scatter)
  /// Running combination along one axis.
  case prefixScan(PrefixScan)
  /// Rows reordered by a comparator.
  case sort(Sort)
  /// Regions run in turn while a condition holds; the node's regions say what.
  case loop(Loop)
  /// One of several regions, chosen by a selector; the node's regions say what.
  case branch
  /// Discrete Fourier transform along the innermost axes.
  case fft(FFT)
  /// Softmax(scale · Q Kᵀ + mask) V without storing the scores.
  case attention(Attention)
  /// A recurrent network's steps with a fused cell.
  case recurrentCell(RecurrentCell)
  /// Pieces written into one buffer without a copy of their own.
  case place(Place)
  /// A routine of a linear-algebra library, by name.
  case library(String)
  /// Evaluated on one thread by the op's own `evaluate`.
  case host

  /// The kind's name, by which backends claim.
  public var kind: String {
    switch self {
    case .compute: "compute"
    case .scatter: "scatter"
    case .prefixScan: "prefix_scan"
    case .sort: "sort"
    case .loop: "loop"
    case .branch: "branch"
    case .fft: "fft"
    case .attention: "attention"
    case .recurrentCell: "recurrent_cell"
    case .place: "place"
    case .library: "library"
    case .host: "host"
    }
  }
}

/// Each result element at index (i₀ … iₙ₋₁) is a typed scalar expression, which may use the result
/// of combining another expression over a reduction domain.
///
/// Axes are numbered: first the `axes` of the results, then the `axes` of the reduction.
public struct Compute: Hashable, Sendable {
  /// The sizes of the parallel axes: the shape of every result.
  public var axes: [Dimension]
  /// What is combined before `program` runs; nil for elementwise work.
  public var reduction: Reduction?
  /// Evaluated once for each parallel index; `.reduced(k)` is the reduction's k-th value.
  public var program: ScalarProgram
  /// The scalars of `program` that are the results, one each.
  public var results: [ScalarID]

  public init(
    axes: [Dimension], reduction: Reduction? = nil, program: ScalarProgram, results: [ScalarID]
  ) {
    self.axes = axes
    self.reduction = reduction
    self.program = program
    self.results = results
  }

  /// A k-ary combination over a domain.
  public struct Reduction: Hashable, Sendable {
    /// The sizes of the reduction axes, outermost first; they follow the parallel axes' numbers.
    public var axes: [Dimension]
    /// Evaluated for each parallel and reduction index.
    public var program: ScalarProgram
    /// The scalars of `program` that are combined, one for each of the k values.
    public var values: [ScalarID]
    /// The scalars of `program`, independent of the reduction axes, that combination starts with.
    public var initial: [ScalarID]
    public var combiner: Combiner
    /// True where the elements must be combined one by one in ascending order.
    public var isOrdered: Bool
    /// True where a convolution with windows of 3 x 3 may be computed by Winograd's F(4x4, 3x3).
    public var allowsWinograd = false

    public init(
      axes: [Dimension], program: ScalarProgram, values: [ScalarID], initial: [ScalarID],
      combiner: Combiner, isOrdered: Bool = false
    ) {
      self.axes = axes
      self.program = program
      self.values = values
      self.initial = initial
      self.combiner = combiner
      self.isOrdered = isOrdered
    }
  }
}

/// How two values, or two k-tuples of values, become one.
public enum Combiner: Hashable, Sendable {
  case sum, product
  /// With NaN if either is NaN.
  case maximum, minimum
  case and, or
  /// `program` reads `.parameter(0 ..< k)` (so far) and `.parameter(k ..< 2k)` (next).
  case program(ScalarProgram, results: [ScalarID])
}

/// Updates combined into a copy of a destination. The operands are, in order, k destinations, the
/// indices, k updates; each update element's window starts where `index` says.
public struct Scatter: Hashable, Sendable {
  public var count: Int
  /// The shape of the updates: the domain in which `target` is evaluated, ascending, row-major.
  public var axes: [Dimension]
  /// Index expressions of the destination element, over `axes`, with loads from the indices.
  public var program: ScalarProgram
  public var target: [IndexExpression]
  /// Sizes of the destination: an update outside is skipped.
  public var bounds: [Dimension]
  public var combiner: Combiner
  /// True where the op promises that no two updates meet.
  public var hasUniqueTargets: Bool

  public init(
    count: Int, axes: [Dimension], program: ScalarProgram, target: [IndexExpression],
    bounds: [Dimension], combiner: Combiner, hasUniqueTargets: Bool
  ) {
    self.count = count
    self.axes = axes
    self.program = program
    self.target = target
    self.bounds = bounds
    self.combiner = combiner
    self.hasUniqueTargets = hasUniqueTargets
  }
}

/// Running combination along one axis of operand 0 … k-1, from initial values k … 2k-1.
public struct PrefixScan: Hashable, Sendable {
  public var axis: Int
  public var combiner: Combiner
  public var isExclusive: Bool
  public var isReversed: Bool

  public init(axis: Int, combiner: Combiner, isExclusive: Bool, isReversed: Bool) {
    self.axis = axis
    self.combiner = combiner
    self.isExclusive = isExclusive
    self.isReversed = isReversed
  }
}

/// k tensors reordered together along one axis.
public struct Sort: Hashable, Sendable {
  public var axis: Int
  /// Reads `.parameter(2j)` and `.parameter(2j + 1)`, the elements of tensor j; a true result means
  /// that the first goes before the second.
  public var comparator: ScalarProgram
  public var result: ScalarID
  public var isStable: Bool
  /// How many of each row are kept; nil for all.
  public var limit: Dimension?

  public init(
    axis: Int, comparator: ScalarProgram, result: ScalarID, isStable: Bool, limit: Dimension? = nil
  ) {
    self.axis = axis
    self.comparator = comparator
    self.result = result
    self.isStable = isStable
    self.limit = limit
  }
}

/// How a loop's regions are run.
public enum Loop: Hashable, Sendable {
  /// Region 0 gives a `bool`, region 1 the next values; the first `carried` operands change.
  /// After `maximumTrips`, where given, with the condition still true, the run fails.
  case whileTrue(carried: Int, maximumTrips: Int?)
  /// Region 0 is run `trips` times over slices of operands.
  case scan(carried: Int, sliced: Int, trips: Dimension, isReversed: Bool)
}

/// A Fourier transform.
public struct FFT: Hashable, Sendable {
  public var kind: String
  public var lengths: [Dimension]

  public init(kind: String, lengths: [Dimension]) {
    self.kind = kind
    self.lengths = lengths
  }
}

/// Operands: query, key, value, then a mask where `hasMask`, then past key and value where
/// `hasPast`.
public struct Attention: Hashable, Sendable {
  public var scale: Double
  public var isCausal: Bool
  public var hasMask: Bool
  public var hasPast: Bool

  public init(scale: Double, isCausal: Bool, hasMask: Bool, hasPast: Bool) {
    self.scale = scale
    self.isCausal = isCausal
    self.hasMask = hasMask
    self.hasPast = hasPast
  }
}

/// A recurrent network's kind and direction.
public struct RecurrentCell: Hashable, Sendable {
  public var kind: String
  public var isReversed: Bool

  public init(kind: String, isReversed: Bool) {
    self.kind = kind
    self.isReversed = isReversed
  }
}

/// Operand j is written at `offsets[j]` along `axis` of the one result.
public struct Place: Hashable, Sendable {
  public var axis: Int
  public var offsets: [Dimension]

  public init(axis: Int, offsets: [Dimension]) {
    self.axis = axis
    self.offsets = offsets
  }
}
