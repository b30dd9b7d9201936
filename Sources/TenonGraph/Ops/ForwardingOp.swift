/// An op whose results are its operands as they are, one for one: plans give both one memory.
public protocol ForwardingOp: Op {}
