import Glibc
import TenonGraph
import TenonRuntime

extension Target {
  /// The machine that this program runs on, from what the system says of its processor.
  package static func host() -> Target { here }

  private static let here: Target = {
    var target = Target(processorInformation: processorInformation, cacheSize: Target.cacheSize)
    // The system has to be asked before a thread may use them.
    if target.hasTileProducts { target.hasTileProducts = TileRegisters.arePermitted }
    return target
  }()

  /// The processor family that this program was compiled for.
  package static var hostArchitecture: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "aarch64"
    #else
      "other"
    #endif
  }

  /// What the system calls the first processor: `Intel(R) Xeon(R) …`; empty where it does not say.
  package static var processorName: String {
    for line in processorInformation.split(separator: "\n") where line.hasPrefix("model name") {
      return String((line.split(separator: ":").last ?? "").drop { $0 == " " })
    }
    return ""
  }

  private static let processorInformation =
    FileBytes.read(unsized: "/proc/cpuinfo").map { String(decoding: $0, as: UTF8.self) } ?? ""

  /// The target that `/proc/cpuinfo`'s text and the cache sizes describe.
  init(processorInformation text: String, cacheSize: (Int) -> Int?) {
    var flags: Set<Substring> = []
    for line in text.split(separator: "\n") {
      guard line.hasPrefix("flags") || line.hasPrefix("Features") else { continue }
      flags = Set(line.split(separator: ":").last?.split(separator: " ") ?? [])
      break
    }
    // The features of x86-64-v3 and x86-64-v4, under the names of the kernel.
    let third: Set<Substring> = [
      "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave",
    ]
    let fourth = third.union(["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"])
    let set: InstructionSet
    if fourth.isSubset(of: flags) {
      set = .avx512
    } else if third.isSubset(of: flags) {
      set = .avx2
    } else if flags.contains("asimd") {
      set = .neon
    } else {
      set = .generic
    }
    self.init(set)
    hasByteDotProduct = set == .avx512 && flags.contains("avx512_vnni")
    hasBFloat16DotProduct = set == .avx512 && flags.contains("avx512_bf16")
    hasTileProducts =
      set == .avx512 && flags.isSuperset(of: ["amx_tile", "amx_int8", "amx_bf16"])
    level1Bytes = cacheSize(1) ?? level1Bytes
    level2Bytes = cacheSize(2) ?? level2Bytes
    level3Bytes = cacheSize(3) ?? level3Bytes
  }

  /// Bytes of the first processor's data or unified cache of a level.
  private static func cacheSize(_ level: Int) -> Int? {
    for index in 0..<8 {
      let folder = "/sys/devices/system/cpu/cpu0/cache/index\(index)"
      func text(_ name: String) -> String? {
        FileBytes.read(unsized: "\(folder)/\(name)").map {
          String(decoding: $0.prefix { $0 != 0x0A }, as: UTF8.self)
        }
      }
      guard text("level") == "\(level)", text("type") != "Instruction", let size = text("size")
      else { continue }
      let number = Int(size.prefix { $0.isNumber }) ?? 0
      let unit = size.hasSuffix("K") ? 1 << 10 : size.hasSuffix("M") ? 1 << 20 : 1
      if number > 0 { return number * unit }
    }
    return nil
  }
}
