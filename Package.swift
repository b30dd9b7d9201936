// swift-tools-version: 6.1
import PackageDescription

/// One folder of `Sources`: a module that may import only what is listed here
/// (Tests/ArchitectureTests holds the sources to it).
func module(_ name: String, imports: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: imports)
}

func tests(_ name: String, of modules: [Target.Dependency], files: [String] = []) -> Target {
  .testTarget(name: name, dependencies: modules + ["TenonTestKit"], exclude: files)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

func sample(
  _ name: String, folder: String, using others: [Target.Dependency] = [], exclude: [String] = [],
  resources: [Resource] = []
) -> Target {
  .executableTarget(
    name: name, dependencies: ["Tenon"] + others, path: "Samples/\(folder)",
    exclude: ["README.md"] + exclude, resources: resources, packageAccess: false)
}

let package = Package(
  name: "Tenon",
  products: [
    .library(name: "Tenon", targets: ["Tenon"]),
    .library(name: "TenonTestKit", targets: ["TenonTestKit"]),
    .executable(name: "tenon", targets: ["TenonCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Without traits: streams and field masks are not used.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
  ],
  targets: [
    // Level 0
    .target(name: "CTenonKernels", linkerSettings: [.linkedLibrary("omp5")]),
    module("TenonTensor"),
    // Level 1
    module("TenonFormats", imports: ["TenonTensor", "CTenonKernels"]),
    module("TenonRuntime", imports: ["TenonTensor", "CTenonKernels"]),
    module("TenonGraph", imports: ["TenonTensor", "CTenonKernels"]),
    // Level 2
    module("TenonOps", imports: ["TenonGraph", "TenonTensor"]),
    module("TenonCodegen", imports: ["TenonGraph", "TenonRuntime", "TenonTensor"]),
    // Level 3
    module("TenonPasses", imports: ["TenonOps", "TenonGraph", "TenonTensor"]),
    module("TenonLayers", imports: ["TenonOps", "TenonGraph", "TenonTensor"]),
    .target(
      name: "TenonONNX",
      dependencies: [
        "TenonOps", "TenonGraph", "TenonFormats", "TenonTensor",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["Proto/onnx.proto"]),
    // Level 4
    module(
      "TenonCompiler",
      imports: [
        "TenonPasses", "TenonCodegen", "TenonRuntime", "TenonFormats", "TenonOps", "TenonGraph",
        "TenonTensor",
      ]),
    // Level 5
    module(
      "TenonTraining",
      imports: ["TenonCompiler", "TenonLayers", "TenonOps", "TenonGraph", "TenonTensor"]),
    module(
      "TenonConformance",
      imports: [
        "TenonCompiler", "TenonONNX", "TenonCodegen", "TenonFormats", "TenonGraph", "TenonTensor",
      ]),
    module(
      "TenonTestKit",
      imports: [
        "TenonCompiler", "TenonPasses", "TenonCodegen", "TenonRuntime", "TenonOps", "TenonGraph",
        "TenonTensor",
      ]),
    // Level 6
    module(
      "Tenon",
      imports: [
        "TenonTraining", "TenonLayers", "TenonCompiler", "TenonONNX", "TenonPasses",
        "TenonFormats", "TenonOps", "TenonGraph", "TenonRuntime", "TenonTensor",
      ]),
    // Level 7
    .executableTarget(
      name: "TenonCommand",
      dependencies: ["Tenon", "TenonConformance", argumentParser]),
    .executableTarget(name: "TenonBenchmarks", dependencies: ["Tenon"]),

    sample("HelloGraph", folder: "01-HelloGraph"),
    sample(
      "TrainDigits", folder: "02-TrainDigits", using: [argumentParser],
      exclude: ["Data/ATTRIBUTION.md"],
      resources: [.copy("Data/digits.csv")]),
    sample("WriteAnOp", folder: "03-WriteAnOp"),
    sample("WriteAPass", folder: "04-WriteAPass"),
    sample("DebugAGraph", folder: "05-DebugAGraph"),
    sample(
      "RunONNX", folder: "06-RunONNX", exclude: ["Model/make_model.py"],
      resources: [.copy("Model/digits.onnx")]),
    tests(
      "CompilerTests",
      of: [
        "TenonCompiler", "TenonCodegen", "TenonRuntime", "TenonFormats", "TenonOps", "TenonGraph",
        "TenonTensor",
      ],
      files: ["Golden"]),
    tests(
      "CommandTests",
      of: [
        "TenonCommand", "TenonCompiler", "TenonCodegen", "TenonFormats", "TenonOps", "TenonGraph",
        "TenonTensor",
      ]),
    tests(
      "PassesTests",
      of: ["TenonCompiler", "TenonPasses", "TenonOps", "TenonGraph", "TenonTensor"]),
    tests(
      "PlanningTests",
      of: ["TenonCodegen", "TenonPasses", "TenonOps", "TenonRuntime", "TenonGraph", "TenonTensor"]),
    tests(
      "ONNXTests",
      of: [
        "TenonONNX", "TenonCompiler", "TenonFormats", "TenonOps", "TenonGraph", "TenonTensor",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),
    tests(
      "ConformanceTests",
      of: [
        "TenonConformance", "TenonCompiler", "TenonONNX", "TenonTensor",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),
    tests("OpsTests", of: ["TenonOps", "TenonGraph", "TenonTensor"]),
    tests("ArchitectureTests", of: []),
    tests("DocsTests", of: ["Tenon", "TenonONNX", "TenonPasses", "TenonOps", "TenonGraph"]),
    tests(
      "TrainingTests",
      of: ["TenonTraining", "TenonCompiler", "TenonOps", "TenonGraph", "TenonTensor"]),
    tests("TensorTests", of: ["TenonTensor"]),
    tests("FormatsTests", of: ["TenonFormats", "TenonTensor"], files: ["Fixtures"]),
    tests("RuntimeTests", of: ["TenonRuntime", "CTenonKernels", "TenonTensor"]),
    tests("GraphTests", of: ["TenonGraph", "TenonTensor"]),
    tests("CodegenTests", of: ["TenonCodegen", "TenonRuntime", "TenonGraph", "TenonTensor"]),
  ],
  cLanguageStandard: .c11
)
