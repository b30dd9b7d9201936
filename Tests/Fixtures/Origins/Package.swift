// swift-tools-version: 6.1
import PackageDescription

/// A program beside Tenon: `Tests/origins-in-release.sh` links the parts of Tenon into `Tenon`.
let package = Package(
  name: "HelloGraph",
  targets: [
    .target(name: "CTenonKernels", path: "Tenon/CTenonKernels", sources: ["capture.c"]),
    .target(
      name: "TenonGraph", dependencies: ["CTenonKernels"], path: "Tenon/TenonGraph",
      sources: ["Origins"]),
    .target(name: "TenonOps", dependencies: ["TenonGraph"], path: "Sources/TenonOps"),
    .executableTarget(
      name: "HelloGraph", dependencies: ["TenonGraph", "TenonOps"], path: "Sources/HelloGraph",
      packageAccess: false),
  ],
  cLanguageStandard: .c11
)
