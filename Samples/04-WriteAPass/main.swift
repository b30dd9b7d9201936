import Tenon

let graph = Graph("reciprocal")
let x = try graph.input("x", .f32, [3])
let y = try graph.input("y", .f32, [3])
let scale = try 1 / y
try graph.output("z", x / scale)

// The pass is one more line of the pipeline.
let pipeline = try Pipeline.standard.inserting(
  MultiplyByReciprocal.self, after: FoldConstants.self)
let program = try compile(graph, CompileOptions(pipeline: pipeline))
for pass in program.report.passes.passes where pass.name == MultiplyByReciprocal.name {
  for count in program.report.passes.rewriteCounts(pass) {
    print("\(count.rule): \(count.reason), \(count.count) time")
  }
}
print(
  try program.run(["x": Tensor([1, 2, 3] as [Float]), "y": Tensor([2, 4, 8] as [Float])])["z"]!)
