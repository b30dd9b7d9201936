import TenonGraph

extension OpCatalog {
  /// The ops that Tenon brings, by name.
  public static let standard = OpCatalog([
    Add.self,
    BroadcastInDim.self,
    Compare.self,
    Constant.self,
    Convert.self,
    Convolution.self,
    CrossEntropy.self,
    Divide.self,
    DotGeneral.self,
    Exponential.self,
    Gradient.self,
    Iota.self,
    Log.self,
    Matmul.self,
    Maximum.self,
    Minimum.self,
    Multiply.self,
    Negate.self,
    RandomBits.self,
    Reduce.self,
    Relu.self,
    Reshape.self,
    Select.self,
    Size.self,
    Softmax.self,
    Subtract.self,
    Transpose.self,
  ])
}
