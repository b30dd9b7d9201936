import Glibc
import TenonTensor
import Testing

@testable import TenonRuntime

/// Small kernels written by hand, compiled once by the clang beside `swift`.
enum TestKernels {
  static let names = [
    "affine", "partial_sums", "ordered_sum", "decrement", "is_positive", "store_size",
    "add_in_place", "through_scratch", "wait_for_others", "count_elements",
  ]

  /// The path of the shared object.
  static let path: String = try! compile(source, to: temporaryFolder + "/kernels.so")

  static let temporaryFolder: String = {
    var template = Array("/tmp/tenon-runtime-tests-XXXXXX".utf8CString)
    return template.withUnsafeMutableBufferPointer { buffer in
      String(cString: mkdtemp(buffer.baseAddress!)!)
    }
  }()

  /// Kernels over f32 (and i32 control values). Tiles are of `sizes[1]` elements where there is a
  /// second size.
  static let source = """
    typedef __INT64_TYPE__ i64;
    #define KERNEL(name) void name(void *const *b, const i64 *s, void *scratch, i64 first, i64 end)
    #define ELEMENTS(i) \\
      for (i64 i = first * s[1]; i < end * s[1] && i < s[0]; i++)

    // out = 2 * in + 1
    KERNEL(affine) { const float *x = b[0]; float *y = b[1]; ELEMENTS(i) y[i] = 2 * x[i] + 1; }

    // One sum in f32 for each tile, in order of the elements.
    KERNEL(partial_sums) {
      const float *x = b[0]; float *y = b[1];
      for (i64 tile = first; tile < end; tile++) {
        float sum = 0;
        for (i64 i = tile * s[1]; i < (tile + 1) * s[1] && i < s[0]; i++) sum += x[i];
        y[tile] = sum;
      }
    }

    // The sum of s[0] numbers in order.
    KERNEL(ordered_sum) {
      const float *x = b[0]; float *y = b[1]; float sum = 0;
      for (i64 i = 0; i < s[0]; i++) sum += x[i];
      y[0] = sum;
    }

    KERNEL(decrement) { *(int *)b[0] -= 1; }
    KERNEL(is_positive) { *(char *)b[1] = *(int *)b[0] > 0; }
    KERNEL(store_size) { *(i64 *)b[0] = s[0]; }
    KERNEL(add_in_place) { float *x = b[0]; const float *y = b[1]; ELEMENTS(i) x[i] += y[i]; }

    // Copies each tile by way of the scratch.
    KERNEL(through_scratch) {
      const float *x = b[0]; float *y = b[1]; float *t = scratch;
      for (i64 tile = first; tile < end; tile++) {
        i64 from = tile * s[1], to = from + s[1] < s[0] ? from + s[1] : s[0];
        for (i64 i = from; i < to; i++) t[i - from] = x[i];
        for (i64 i = from; i < to; i++) y[i] = t[i - from];
      }
    }

    // The first tile waits until the s[0] others are done, or gives up; then y[0] is false.
    KERNEL(wait_for_others) {
      char *y = b[0]; int *done = b[1];
      for (i64 tile = first; tile < end; tile++) {
        if (tile > 0) { __atomic_fetch_add(done, 1, __ATOMIC_RELAXED); continue; }
        i64 spins = 0;
        while (__atomic_load_n(done, __ATOMIC_RELAXED) < s[0] && spins < 2000000000) spins++;
        y[0] = __atomic_load_n(done, __ATOMIC_RELAXED) == s[0];
      }
    }

    // How often each element has been computed.
    KERNEL(count_elements) { int *x = b[0]; ELEMENTS(i) x[i] += 1; }
    """

  /// Compiles C to a shared object; with `TENON_TEST_KERNEL_FLAGS` the kernels can be sanitized
  /// too.
  static func compile(_ source: String, to object: String) throws -> String {
    let file = object + ".c"
    let output = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    try #require(output >= 0)
    let bytes = Array(source.utf8)
    try #require(write(output, bytes, bytes.count) == bytes.count)
    close(output)
    let flags = getenv("TENON_TEST_KERNEL_FLAGS").map { String(cString: $0) } ?? ""
    var arguments = ["clang", "-O1", "-fPIC", "-shared", "-nostdlib", "-ffp-contract=off"]
    arguments += flags.split(separator: " ").map(String.init) + ["-o", object, file]
    var pointers = arguments.map { strdup($0) } + [nil]
    defer { pointers.forEach { free($0) } }
    var process: pid_t = 0
    try #require(posix_spawnp(&process, "clang", nil, nil, &pointers, environ) == 0)
    var status: Int32 = 0
    try #require(waitpid(process, &status, 0) == process && status == 0)
    return object
  }
}
