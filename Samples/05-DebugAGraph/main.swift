import Tenon

// A mean that forgets that a row may be empty of marks: 0 / 0.
let graph = Graph("debug")
let marks = try graph.input("marks", .f32, [3, 2])
let weights = try graph.input("weights", .f32, [3, 2])
let total = try sum(marks * weights, axes: [1]).named("total")
let weight = try sum(weights, axes: [1]).named("weight")
let average = try (total / weight).named("average")
try graph.output("grade", mean(average))

let feeds = [
  "marks": try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2]),
  "weights": try Tensor([1, 1, 0, 0, 1, 3] as [Float], shape: [3, 2]),
]

// Stop at a value's name and look around.
let run = try debugRun(graph, feeds)
run.watch("weight") { name, tensor in print("watch \(name) = \(tensor.nested())") }
run.breakAt("average")
if let stop = try run.run() {
  print("stopped: \(stop)")
  print("total is \(run["total"]!.nested()), weight is \(run["weight"]!.nested())")
}

// Find where the first NaN or infinity comes from.
if let stop = try debugRun(graph, feeds).firstNonFinite() {
  print("first NaN or infinity: \(stop)")
}
