import TenonGraph
import TenonTensor

extension CSource {
  mutating func transcendental(_ function: UnaryFunction, _ type: LaneType) -> String {
    preconditionFailure("internal: later")
  }
  mutating func power(_ type: LaneType) -> String { preconditionFailure("internal: later") }
  mutating func arctangent2(_ type: LaneType) -> String { preconditionFailure("internal: later") }
  mutating func floatRemainder(_ type: LaneType) -> String {
    preconditionFailure("internal: later")
  }
}
