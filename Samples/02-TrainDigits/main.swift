import Foundation
import Tenon

let batchSize = 32
let options = Options.parseOrExit()
let digits = try Digits()

// Record: one network, two entries that share its variables.
let graph = Graph("digits")
let network = try Network(graph)
try graph.entry("train") {
  let images = try graph.input("images", .f32, [Dimension(batchSize), 1, 8, 8])
  let labels = try graph.input("labels", .i32, [Dimension(batchSize)])
  let loss = try mean(crossEntropy(network(images), labels: labels))
  let slopes = try gradients(of: loss, wrt: network.variables.map { try $0.read() })
  try Adam(learningRate: 0.003, weightDecay: 0.05)
    .update(graph, network.variables, gradients: slopes)
  try graph.output("loss", loss)
}
try graph.entry("predict") {
  let images = try graph.input("images", .f32, [Dimension(.bound("batch")), 1, 8, 8])
  try graph.output("probabilities", softmax(network(images)))
}

// Compile and train.
let program = try compile(
  graph,
  CompileOptions(
    sizes: ["batch": digits.testing.count], backend: options.backend, threads: options.threads,
    warn: { print("warning: \($0)") }))
var shuffler = Shuffler(seed: 1)
for epoch in 1...options.epochs {
  let order = shuffler.shuffled(digits.training.count)
  var total: Float = 0
  let steps = digits.training.count / batchSize
  for step in 0..<steps {
    let batch = try digits.training.batch(order[step * batchSize..<(step + 1) * batchSize])
    let result = try program.run("train", ["images": batch.images, "labels": batch.labels])
    total += try result["loss"]!.scalar(as: Float.self)
  }
  print("epoch \(epoch): loss \(total / Float(steps))")
}

// Test on images it has not seen.
let test = try digits.testing.batch(0..<digits.testing.count)
let probabilities = try program.run("predict", ["images": test.images])["probabilities"]!
let right = try correct(probabilities, digits.testing.labels)
let accuracy = (Double(right) / Double(digits.testing.count) * 10_000).rounded() / 10_000
print("test accuracy: \(accuracy) (\(right) of \(digits.testing.count))")

// Save the graph as recorded, with the weights as trained.
if let output = options.output {
  try graph.save(to: output, variables: program.values())
  print("saved \(output)")
}
if let image = options.image {
  try Npy.write(digits.testing.batch([0]).images, to: image)
  print("saved \(image), a picture of a \(digits.testing.labels[0])")
}

/// How many rows have their largest number at the label.
func correct(_ probabilities: Tensor, _ labels: [Int32]) throws -> Int {
  let values = try probabilities.scalars(as: Float.self)
  return labels.indices.count { row in
    let scores = values[row * 10..<(row + 1) * 10]
    return scores.firstIndex(of: scores.max()!)! - row * 10 == Int(labels[row])
  }
}
