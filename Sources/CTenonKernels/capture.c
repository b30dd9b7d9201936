#define _GNU_SOURCE
#include "capture.h"

#include <pthread.h>
#include <stddef.h>

static _Thread_local uintptr_t stack_low, stack_high;

static void find_stack(void) {
  pthread_attr_t attributes;
  void *low = NULL;
  size_t size = 0;
  // An unknown stack is an empty range: then no frame is followed.
  stack_low = stack_high = 1;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
    stack_low = (uintptr_t)low;
    stack_high = (uintptr_t)low + size;
  }
  pthread_attr_destroy(&attributes);
}

__attribute__((no_sanitize("address"))) TenonReturnAddresses tenon_capture(void) {
  TenonReturnAddresses result = {(uintptr_t)__builtin_return_address(0), {0, 0, 0}};
  uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
  if (__builtin_expect(stack_high == 0, 0)) find_stack();
  if (frame < stack_low) return result;
  for (int i = 0; i < 3; i++) {
    // A frame is the caller's frame pointer followed by the return address.
    uintptr_t next = *(const uintptr_t *)frame;
    if (next <= frame || next % sizeof(void *) != 0) break;
    if (next >= stack_high || stack_high - next < 2 * sizeof(void *)) break;
    result.callers[i] = ((const uintptr_t *)next)[1];
    if (result.callers[i] == 0) break;
    frame = next;
  }
  return result;
}
