import Tenon

let graph = Graph("hello")
let x = try graph.input("x", .f32, [2, 3])
let y = try graph.input("y", .f32, [3])
try graph.output("z", x * 2 + broadcast(y, to: x))

let program = try compile(graph)
let rows = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
print(try program.run(["x": rows, "y": Tensor([10, 20, 30] as [Float])])["z"]!)
