#pragma once
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
