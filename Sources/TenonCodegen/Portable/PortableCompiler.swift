import TenonGraph
import TenonTensor

/// A group as bytecode, with what a plan needs to know of it.
package struct PortableKernel: Sendable {
  /// The words of the bytecode: the kernel's first buffer.
  package let program: Tensor
  package let sizes: [Dimension]
  package let tiles: Dimension
  package let scratchBytes: Int
  /// How it goes over its elements, for people to read.
  package let schedule: String
}

/// Groups to bytecode, for machines without a C compiler.
package enum PortableCompiler {
  /// Elements that the bytecode computes side by side: `TENON_PORTABLE_LANES`.
  static let lanes = 128

  /// Why a group has no bytecode; nil where it has one.
  package static func refusal(_ group: KernelGroup) -> String? {
    for type in group.inputs + group.outputs {
      if PortableType(type.element) == nil { return "the element type \(type.element)" }
      if type.layout != nil { return "a layout" }
    }
    guard case .stages(let stages) = group.body, !stages.isEmpty else {
      if case .single(let lowering) = group.body { return "the lowering `\(lowering.kind)`" }
      return "an empty group"
    }
    for stage in stages {
      let programs = [stage.compute.program, stage.compute.reduction?.program].compactMap { $0 }
      if let type = programs.flatMap(\.types).first(where: { PortableType($0) == nil }) {
        return "the element type \(type)"
      }
      for expression in programs.flatMap(\.indexExpressions) where expression.depth > 20 {
        return "an index expression of more than 20 levels"
      }
    }
    return nil
  }

  /// The bytecode of a group that `refusal` accepts.
  package static func compile(_ group: KernelGroup) -> PortableKernel {
    PortableWriter(group).kernel
  }
}

/// The element types of the bytecode, by its numbers.
enum PortableType: Int64 {
  case bool, i8, u8, i16, u16, i32, u32, i64, u64, f16, bf16, f32, f64

  init?(_ type: ElementType) {
    switch type {
    case .bool: self = .bool
    case .i8: self = .i8
    case .u8: self = .u8
    case .i16: self = .i16
    case .u16: self = .u16
    case .i32: self = .i32
    case .u32: self = .u32
    case .i64: self = .i64
    case .u64: self = .u64
    case .f16: self = .f16
    case .bf16: self = .bf16
    case .f32: self = .f32
    case .f64: self = .f64
    default: return nil
    }
  }
}

extension ElementType {
  /// The type's number in bytecode.
  var portable: Int64 { PortableType(self)!.rawValue }
}

extension ScalarProgram {
  fileprivate var indexExpressions: [IndexExpression] {
    instructions.flatMap { instruction -> [IndexExpression] in
      switch instruction {
      case .index(let expression): [expression]
      case .load(_, let index, let guards, _): index + guards.map(\.expression)
      case .holds(let guards): guards.map(\.expression)
      default: []
      }
    }
  }
}

extension IndexExpression {
  /// How many numbers its postfix code keeps at once.
  fileprivate var depth: Int {
    2
      + terms.reduce(0) { most, term in
        switch term.atom {
        case .axis, .scalar: most
        case .floorDivide(let inner, _), .remainder(let inner, _): max(most, inner.depth)
        }
      }
  }
}
