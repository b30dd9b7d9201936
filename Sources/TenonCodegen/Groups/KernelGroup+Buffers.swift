import TenonGraph
import TenonTensor

extension KernelGroup {
  /// Results of at least so many bytes leave the caches before they are read again.
  private static let streamedBytes = 32 << 20

  /// The kernel's buffers: the inputs, then the outputs.
  ///
  /// - Parameter target: where large outputs are written once and in order, the target; what writes
  ///   past its caches need not read a line first.
  func buffers(streaming target: Target? = nil) -> [Kernel.Buffer] {
    inputs.map { Kernel.Buffer(element: $0.element, isOutput: false) }
      + outputs.map { type in
        Kernel.Buffer(
          element: type.element, isOutput: true,
          isStreamed: type.knownBytes >= KernelGroup.streamedBytes
            && (target?.vectorBytes ?? 0) >= 32)
      }
  }
}

extension TensorType {
  /// Bytes that the elements take as they are stored; 0 where a size is running.
  var knownBytes: Int { Dimension.saturatingProduct(storedCount.constant ?? 0, element.byteWidth) }
}
