import TenonRuntime

extension KernelGroup {
  /// Floating-point operations of one run, and bytes of inputs and outputs.
  package var cost: Step.Cost { Step.Cost(flops: flops, bytes: byteCount) }
}
