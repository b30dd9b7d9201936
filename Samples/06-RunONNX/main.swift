import Foundation
import Tenon

// Sixteen shades of grey, a row of eight to a line.
let two: [Float] = [
  0, 0, 0, 4, 15, 12, 0, 0,
  0, 0, 3, 16, 15, 14, 0, 0,
  0, 0, 8, 13, 8, 16, 0, 0,
  0, 0, 1, 6, 15, 11, 0, 0,
  0, 1, 8, 13, 15, 1, 0, 0,
  0, 9, 16, 16, 5, 0, 0, 0,
  0, 3, 13, 16, 16, 11, 5, 0,
  0, 0, 0, 3, 11, 16, 9, 0,
]
let seven: [Float] = [
  0, 0, 1, 8, 15, 10, 0, 0,
  0, 3, 13, 15, 14, 14, 0, 0,
  0, 5, 10, 0, 10, 12, 0, 0,
  0, 0, 3, 5, 15, 10, 2, 0,
  0, 0, 16, 16, 16, 16, 12, 0,
  0, 1, 8, 12, 14, 8, 3, 0,
  0, 0, 0, 10, 13, 0, 0, 0,
  0, 0, 0, 11, 9, 0, 0, 0,
]

// The model's batch stays open, up to 16: one plan serves every batch.
let path = Bundle.module.url(forResource: "digits", withExtension: "onnx")!.path
let imported = try ONNXModel(path: path).graph(ONNXImportOptions(maximumSizes: ["batch": 16]))
let program = try compile(imported.graph)

for digits in [[two], [two, seven]] {
  let images = try Tensor(digits.flatMap { $0 }.map { $0 / 16 }, shape: [digits.count, 1, 8, 8])
  let probabilities = try program.run(["images": images])["probabilities"]!.scalars(as: Float.self)
  let guesses = digits.indices.map { row in
    (0..<10).max { probabilities[row * 10 + $0] < probabilities[row * 10 + $1] }!
  }
  print("\(digits.count) in the batch: \(guesses)")
}
