#define _GNU_SOURCE
#include "file_mapping.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

enum { capacity = 4096 };

/// A guarded range; `base` is 0 where the place is free and 1 while it is being filled.
typedef struct {
  _Atomic(uintptr_t) base;
  _Atomic(uintptr_t) end;
  _Atomic(int) damaged;
} guarded_mapping;

static guarded_mapping mappings[capacity];
/// Places that were ever taken lie before this one.
static _Atomic(int32_t) used;
static _Atomic(uint64_t) missing_pages;
static uintptr_t page_size;
static struct sigaction former;

/// Puts a page of zeros where a guarded file has none any more. Only calls what a signal handler
/// may call.
static int replace_page(uintptr_t address) {
  int32_t count = atomic_load(&used);
  for (int32_t i = 0; i < count; i++) {
    uintptr_t base = atomic_load(&mappings[i].base);
    if (base <= 1 || address < base || address >= atomic_load(&mappings[i].end)) continue;
    void *page = (void *)(address & ~(page_size - 1));
    if (mmap(page, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
        MAP_FAILED) {
      return 0;
    }
    atomic_store(&mappings[i].damaged, 1);
    atomic_fetch_add(&missing_pages, 1);
    return 1;
  }
  return 0;
}

static void handle(int number, siginfo_t *information, void *context) {
  if (information->si_code == BUS_ADRERR && replace_page((uintptr_t)information->si_addr)) return;
  if (former.sa_flags & SA_SIGINFO) {
    former.sa_sigaction(number, information, context);
  } else if (former.sa_handler != SIG_DFL && former.sa_handler != SIG_IGN) {
    former.sa_handler(number);
  } else {
    // Returning meets the fault again, and then the system acts.
    signal(number, SIG_DFL);
  }
}

static void install(void) {
  page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &former);
}

int32_t tenon_file_mapping_guard(const void *base, size_t byteCount) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
  for (int32_t i = 0; i < capacity; i++) {
    uintptr_t free_place = 0;
    if (!atomic_compare_exchange_strong(&mappings[i].base, &free_place, 1)) continue;
    int32_t count = atomic_load(&used);
    while (count <= i && !atomic_compare_exchange_weak(&used, &count, i + 1)) {}
    atomic_store(&mappings[i].damaged, 0);
    atomic_store(&mappings[i].end, (uintptr_t)base + byteCount);
    atomic_store(&mappings[i].base, (uintptr_t)base);
    return i;
  }
  return -1;
}

void tenon_file_mapping_release(int32_t mapping) {
  if (mapping >= 0) atomic_store(&mappings[mapping].base, 0);
}

int tenon_file_mapping_is_damaged(int32_t mapping) {
  return mapping >= 0 && atomic_load(&mappings[mapping].damaged);
}

uint64_t tenon_file_mapping_missing_pages(void) { return atomic_load(&missing_pages); }
