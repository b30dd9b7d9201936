import Tenon

let graph = Graph("squares")
let x = try graph.input("x", .f32, [4])
let y = try squaredRelu(x)
try graph.output("y", y)
try graph.output("slope", gradients(of: sum(y), wrt: [x])[0])

// The op is one more line of the catalogue.
let program = try compile(graph, CompileOptions(catalog: .standard + [SquaredRelu.self]))
let result = try program.run(["x": Tensor([-1, 0, 2, 3] as [Float])])
print("y", result["y"]!)
print("slope", result["slope"]!)
