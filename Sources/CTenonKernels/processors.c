#define _GNU_SOURCE
#include "processors.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int tenon_allowed_processors(int *processors, int capacity) {
  // Machines may have more processors than a `cpu_set_t` holds.
  const int most = 1 << 14;
  cpu_set_t *set = CPU_ALLOC(most);
  size_t size = CPU_ALLOC_SIZE(most);
  int count = 0;
  if (set && sched_getaffinity(getpid(), size, set) == 0) {
    for (int i = 0; i < most && count < capacity; i++) {
      if (CPU_ISSET_S(i, size, set)) processors[count++] = i;
    }
  }
  CPU_FREE(set);
  return count;
}

bool tenon_tiles_permit(void) {
#if defined(__x86_64__) && defined(SYS_arch_prctl)
  // ARCH_REQ_XCOMP_PERM of XTILEDATA: Linux, Documentation/arch/x86/xstate.rst.
  return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
  return false;
#endif
}
