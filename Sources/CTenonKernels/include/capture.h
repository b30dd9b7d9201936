#pragma once
#include <stddef.h>
#include <stdint.h>

/// Return addresses of a call, innermost first; 0 where the stack ends or cannot be followed.
typedef struct {
  uintptr_t primary;
  uintptr_t callers[3];
} TenonReturnAddresses;

/// The address this call returns to and those of up to three frames around it, found by following
/// frame pointers inside the bounds of the thread's stack. Allocates nothing.
TenonReturnAddresses tenon_capture(void) __attribute__((nomerge, noinline));

/// `tenon_capture` for inlined callers: `nodebug` keeps the line of the function it is inlined into.
static inline __attribute__((always_inline, nodebug)) TenonReturnAddresses
tenon_capture_here(void) {
  return tenon_capture();
}

/// The executable or shared library that holds a piece of code.
typedef struct {
  /// What to subtract from an address to get that in the file.
  uintptr_t bias;
  /// Empty for the executable itself. Valid while the library is loaded.
  const char *path;
  /// The linker's identity of the file, in memory; NULL when it has none.
  const uint8_t *build_id;
  size_t build_id_size;
} TenonImage;

/// Whether a loaded image holds `address`, and which.
int tenon_find_image(uintptr_t address, TenonImage *image);

/// The Swift runtime's demangler: text to `free`, or NULL for a name that is not Swift's.
char *swift_demangle(
    const char *name, size_t size, char *output, size_t *output_size, uint32_t flags);
