#include "team.h"

#if defined(__x86_64__)

uint64_t tenon_floating_point_enter(void) {
  uint32_t saved = __builtin_ia32_stmxcsr();
  if ((saved & ~0x3Fu) != 0x1F80) __builtin_ia32_ldmxcsr(0x1F80);
  return saved;
}

void tenon_floating_point_leave(uint64_t saved) {
  if ((saved & ~0x3Fu) != 0x1F80) __builtin_ia32_ldmxcsr((uint32_t)saved);
}

#elif defined(__aarch64__)

uint64_t tenon_floating_point_enter(void) {
  uint64_t saved;
  __asm__ volatile("mrs %0, fpcr" : "=r"(saved));
  if (saved != 0) __asm__ volatile("msr fpcr, %0" ::"r"((uint64_t)0));
  return saved;
}

void tenon_floating_point_leave(uint64_t saved) {
  if (saved != 0) __asm__ volatile("msr fpcr, %0" ::"r"(saved));
}

#else

uint64_t tenon_floating_point_enter(void) { return 0; }
void tenon_floating_point_leave(uint64_t saved) { (void)saved; }

#endif
