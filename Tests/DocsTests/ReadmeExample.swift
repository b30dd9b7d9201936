import Tenon

/// The README's example.
func readmeExample(print: (Any) -> Void) throws {
  let graph = Graph("line")
  let layer = try Linear(graph, "layer", inputs: 3, outputs: 1)
  try graph.entry("train") {
    let x = try graph.input("x", .f32, [4, 3])
    let y = try graph.input("y", .f32, [4, 1])
    let error = try layer(x) - y
    let loss = try mean(error * error)
    let slopes = try gradients(of: loss, wrt: layer.variables.map { try $0.read() })
    try GradientDescent(learningRate: 0.1).update(graph, layer.variables, gradients: slopes)
    try graph.output("loss", loss)
  }
  let program = try compile(graph)
  let x = try Tensor([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1] as [Float], shape: [4, 3])
  let y = try Tensor([1, 2, 3, 6] as [Float], shape: [4, 1])
  for _ in 0..<100 { print(try program.run("train", ["x": x, "y": y])["loss"]!) }
  print(try program.value(of: "layer/weight"))
}
