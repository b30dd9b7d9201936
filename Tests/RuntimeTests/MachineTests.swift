import Testing

@testable import TenonRuntime

@Suite struct MachineTests {
  private func group(_ files: [String: String]) -> ControlGroup { ControlGroup { files[$0] } }

  @Test func quotasRoundUp() {
    #expect(group(["cpu.max": "150000 100000\n"]).processorQuota == 2)
    #expect(group(["cpu.max": "50000 100000\n"]).processorQuota == 1)
    #expect(group(["cpu.max": "max 100000\n"]).processorQuota == nil)
    #expect(
      group(["cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n"]).processorQuota == nil)
    #expect(
      group(["cpu.cfs_quota_us": "300000\n", "cpu.cfs_period_us": "100000\n"]).processorQuota == 3)
    #expect(group([:]).processorQuota == nil)
  }

  @Test func memoryLimits() {
    #expect(group(["memory.max": "1048576\n"]).memoryLimit == 1_048_576)
    #expect(group(["memory.max": "max\n"]).memoryLimit == nil)
    #expect(group(["memory.limit_in_bytes": "4096\n"]).memoryLimit == 4096)
  }

  @Test func theProcessHasLimits() {
    let limits = ProcessLimits.current
    #expect(!limits.processors.isEmpty)
    #expect((1...limits.processors.count).contains(limits.concurrency))
    #expect(limits.memory > 0)
    #expect(ThreadTeam.capacity >= 4)
  }

  @Test func byteCountsRead() {
    let texts = [0, 1023, 1024, 1536, 1 << 20, (1 << 40) * 2048].map { "\(ByteCount($0))" }
    #expect(
      texts == ["0 bytes", "1023 bytes", "1.0 KiB", "1.5 KiB", "1.0 MiB", "2048.0 TiB"])
  }
}
