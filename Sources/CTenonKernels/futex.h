#pragma once
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Sleeps while `*word` is `value`, until a wake whose mask shares a bit with `mask`.
static inline void tenon_futex_wait(_Atomic uint32_t *word, uint32_t value, uint32_t mask) {
  syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value, 0, 0, mask);
}

static inline void tenon_futex_wake(_Atomic uint32_t *word, uint32_t mask) {
  syscall(SYS_futex, word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, INT_MAX, 0, 0, mask);
}

/// Tells the processor that the thread is spinning.
static inline void tenon_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}
