#define _GNU_SOURCE
#include "team.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "futex.h"

// Declared by hand: the package compiles without -fopenmp.
extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern void omp_set_dynamic(int dynamic);
extern int omp_get_thread_num(void);
extern int omp_get_num_threads(void);

enum { max_threads = 256, line = 128 };

/// A thread's share of the present phase, which is also how the thread learns of the phase:
/// the phase's number in the upper 48 bits, the chunks not yet claimed in the lower 16.
/// A claim is a compare-and-swap that only succeeds in the phase it was meant for, so a thread
/// that comes late finds nothing and no one waits for it.
typedef uint64_t share_word;
static const share_word job_ended = 0xFFFF;
static const share_word team_ended = 0xFFFE;

static inline uint64_t phase_of(share_word word) { return word >> 16; }
/// Also of a word that ends a job or the team: those are no chunks.
static inline uint64_t low_bits(share_word word) { return word & 0xFFFF; }
static inline uint64_t unclaimed(share_word word) {
  return low_bits(word) < team_ended ? low_bits(word) : 0;
}

typedef struct {
  _Alignas(line) _Atomic share_word word;
  /// 1 while the thread sleeps on it.
  _Atomic uint32_t sleeping;
  /// Kernel id of the thread, 0 until it runs; and the processor it is bound to, -1 for any.
  _Atomic int id;
  int processor;
} participant;

static participant participants[max_threads];

static struct {
  /// Tickets of callers: the one being served owns what follows.
  _Alignas(line) _Atomic uint32_t nextTicket;
  _Atomic uint32_t serving;
  /// Chunks of the phase that are not finished.
  _Alignas(line) _Atomic int64_t outstanding;
  _Alignas(line) _Atomic int threads;
  /// 1 during a job; 1 where its threads outnumber what may run at once. Both say how long to
  /// spin.
  _Atomic int busy;
  _Atomic int crowded;
  /// Written while no chunk is out; read by holders of a chunk.
  tenon_job job;
  uint64_t phase;
  int firstProcessor;

  pthread_mutex_t startLock;
  pthread_cond_t started;
  pthread_t host;
  bool hasHost;
  _Atomic uint32_t ended;
  _Atomic int capacity;
  bool hasBegun;
  int running, concurrency;
  int cpus[CPU_SETSIZE], cpuCount;
  int pausesBusy, pausesIdle;
} team = {.startLock = PTHREAD_MUTEX_INITIALIZER, .started = PTHREAD_COND_INITIALIZER};

static _Thread_local bool inside;

bool tenon_team_is_inside(void) { return inside; }

int tenon_team_capacity(void) {
  return atomic_load_explicit(&team.capacity, memory_order_relaxed);
}

// Placement.

static void bind(participant *p, int processor) {
  int id = atomic_load_explicit(&p->id, memory_order_acquire);
  if (id == 0 || p->processor == processor) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (processor >= 0) {
    CPU_SET(processor, &set);
  } else {
    for (int i = 0; i < team.cpuCount; i++) CPU_SET(team.cpus[i], &set);
  }
  sched_setaffinity(id, sizeof set, &set);
  p->processor = processor;
}

/// Linux puts threads that wake together on one processor; so each gets its own, counted from
/// `firstProcessor`, unless there are more threads than processors.
static void place(int thread, int threads) {
  if (team.cpuCount == 0) return;
  bool fits = threads <= team.cpuCount;
  bind(&participants[thread],
       fits ? team.cpus[(team.firstProcessor + thread) % team.cpuCount] : -1);
}

/// Moves the threads' places where the caller sits on one of them.
static void place_caller(int threads) {
  int processor = sched_getcpu();
  for (int i = 0; i < team.cpuCount; i++) {
    if (team.cpus[i] != processor) continue;
    int distance = (i - team.firstProcessor + team.cpuCount) % team.cpuCount;
    if (distance < threads) team.firstProcessor = i;
    return;
  }
}

// Phases.

static void wake(participant *p) {
  if (atomic_load_explicit(&p->sleeping, memory_order_seq_cst)) {
    atomic_store_explicit(&p->sleeping, 0, memory_order_relaxed);
    tenon_futex_wake(&p->sleeping, UINT32_MAX);
  }
}

/// Lets the job choose a phase and hands out its shares. Returns the phase's number, 0 where the
/// job has ended. One more than the chunks is outstanding: the thread that began the phase retires
/// that one itself, so the phase cannot end while shares are still being handed out.
static uint64_t begin_phase(int thread) {
  int64_t total = team.job.advance(team.job.context, thread);
  if (total == 0) return 0;
  int threads = atomic_load_explicit(&team.threads, memory_order_relaxed);
  uint64_t phase = ++team.phase;
  atomic_store_explicit(&team.outstanding, total + 1, memory_order_relaxed);
  for (int i = 0; i < threads; i++) {
    share_word word = phase << 16 | (uint64_t)team.job.share(team.job.context, i);
    if (i == thread) {
      atomic_store_explicit(&participants[i].word, word, memory_order_release);
    } else {
      atomic_exchange_explicit(&participants[i].word, word, memory_order_seq_cst);
    }
  }
  for (int i = 0; i < threads; i++) {
    if (i == thread) continue;
    if (i > 0) place(i, threads);
    wake(&participants[i]);
  }
  return phase;
}

static bool claim(int owner, uint64_t phase, int64_t *remaining) {
  _Atomic share_word *word = &participants[owner].word;
  share_word seen = atomic_load_explicit(word, memory_order_relaxed);
  while (phase_of(seen) == phase && unclaimed(seen) != 0) {
    if (atomic_compare_exchange_weak_explicit(
            word, &seen, seen - 1, memory_order_acquire, memory_order_relaxed)) {
      *remaining = (int64_t)unclaimed(seen);
      return true;
    }
  }
  return false;
}

/// Runs what is left of the phase, the thread's own share first. Returns the chunks run.
static int64_t run_chunks(int thread, uint64_t phase) {
  int threads = atomic_load_explicit(&team.threads, memory_order_relaxed);
  int64_t done = 0;
  for (int i = 0; i < threads; i++) {
    int owner = thread + i < threads ? thread + i : thread + i - threads;
    if (owner < 0 || owner >= threads) continue;
    int64_t remaining;
    while (claim(owner, phase, &remaining)) {
      team.job.chunk(team.job.context, thread, owner, remaining);
      done++;
    }
  }
  return done;
}

static bool something_unclaimed(uint64_t phase) {
  int threads = atomic_load_explicit(&team.threads, memory_order_relaxed);
  for (int i = 0; i < threads; i++) {
    share_word word = atomic_load_explicit(&participants[i].word, memory_order_relaxed);
    if (phase_of(word) == phase && unclaimed(word) != 0) return true;
  }
  return false;
}

/// Waits until the thread's word leaves `phase`, or a chunk of the phase is left to take over.
static share_word wait_for_work(int thread, uint64_t phase) {
  participant *p = &participants[thread];
  int pauses = atomic_load_explicit(&team.crowded, memory_order_relaxed) ? 32
               : atomic_load_explicit(&team.busy, memory_order_relaxed)  ? team.pausesBusy
                                                                         : team.pausesIdle;
  for (int i = 1; i <= pauses; i++) {
    share_word word = atomic_load_explicit(&p->word, memory_order_acquire);
    if (phase_of(word) != phase) return word;
    if (i % 64 == 0 && something_unclaimed(phase)) return word;
    tenon_pause();
  }
  for (;;) {
    atomic_store_explicit(&p->sleeping, 1, memory_order_seq_cst);
    share_word word = atomic_load_explicit(&p->word, memory_order_seq_cst);
    if (phase_of(word) != phase) {
      atomic_store_explicit(&p->sleeping, 0, memory_order_relaxed);
      return word;
    }
    tenon_futex_wait(&p->sleeping, 1, UINT32_MAX);
  }
}

/// Takes part in phases from `phase` on, of which it has `begun` (0 or 1) itself. The caller,
/// thread 0, returns when its job has ended; the others when the team has.
static void participate(int thread, uint64_t phase, int64_t begun) {
  for (;;) {
    int64_t done = begun + run_chunks(thread, phase);
    begun = 0;
    if (done > 0 &&
        atomic_fetch_sub_explicit(&team.outstanding, done, memory_order_acq_rel) == done) {
      uint64_t next = begin_phase(thread);
      if (next != 0) {
        phase = next;
        begun = 1;
        continue;
      }
      atomic_store_explicit(&team.busy, 0, memory_order_relaxed);
      uint64_t end = ++team.phase;
      if (thread == 0) return;
      share_word word = end << 16 | job_ended;
      atomic_exchange_explicit(&participants[0].word, word, memory_order_seq_cst);
      wake(&participants[0]);
    }
    share_word word = wait_for_work(thread, phase);
    if (low_bits(word) == job_ended || low_bits(word) == team_ended) return;
    phase = phase_of(word);
  }
}

// Submission.

static void lock_team(void) {
  uint32_t ticket = atomic_fetch_add_explicit(&team.nextTicket, 1, memory_order_seq_cst);
  for (int spins = 0;; spins++) {
    uint32_t serving = atomic_load_explicit(&team.serving, memory_order_seq_cst);
    if (serving == ticket) return;
    if (spins < 64) {
      tenon_pause();
    } else {
      tenon_futex_wait(&team.serving, serving, 1u << (ticket & 31));
    }
  }
}

static void unlock_team(void) {
  uint32_t next = atomic_load_explicit(&team.serving, memory_order_relaxed) + 1;
  atomic_store_explicit(&team.serving, next, memory_order_seq_cst);
  if (atomic_load_explicit(&team.nextTicket, memory_order_seq_cst) != next) {
    tenon_futex_wake(&team.serving, 1u << (next & 31));
  }
}

void tenon_team_run(int threads, const tenon_job *job) {
  lock_team();
  inside = true;
  team.job = *job;
  place_caller(threads);
  atomic_store_explicit(&team.threads, threads, memory_order_relaxed);
  int crowded = threads > team.concurrency;
  atomic_store_explicit(&team.busy, 1, memory_order_relaxed);
  atomic_store_explicit(&team.crowded, crowded, memory_order_relaxed);
  uint64_t phase = begin_phase(0);
  if (phase != 0) participate(0, phase, 1);
  atomic_store_explicit(&team.busy, 0, memory_order_relaxed);
  inside = false;
  unlock_team();
}

// Start.

/// The region's body. Thread 0 only holds the region open: the place of thread 0 in a job is its
/// caller's, which spares the hand-over of each run.
static void region(void *unused) {
  (void)unused;
  int thread = omp_get_thread_num();
  if (thread == 0) {
    pthread_mutex_lock(&team.startLock);
    team.capacity = omp_get_num_threads();
    team.running = 1;
    pthread_cond_broadcast(&team.started);
    pthread_mutex_unlock(&team.startLock);
    while (!atomic_load(&team.ended)) tenon_futex_wait(&team.ended, 0, UINT32_MAX);
    return;
  }
  tenon_floating_point_enter();
  inside = true;
  participant *p = &participants[thread];
  atomic_store_explicit(&p->id, (int)syscall(SYS_gettid), memory_order_release);
  participate(thread, 0, 0);
}

static int pauses_in(int64_t nanoseconds) {
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (int i = 0; i < 2000; i++) tenon_pause();
  clock_gettime(CLOCK_MONOTONIC, &to);
  int64_t taken = (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
  int64_t pauses = nanoseconds * 2000 / (taken > 1 ? taken : 1);
  return pauses < 16 ? 16 : pauses > 1000000 ? 1000000 : (int)pauses;
}

static void *host(void *capacity) {
  tenon_floating_point_enter();
  team.pausesBusy = pauses_in(100000);
  team.pausesIdle = team.pausesBusy * 2 / 5;
  omp_set_dynamic(0);
  GOMP_parallel(region, NULL, (unsigned)(intptr_t)capacity, 0);
  return NULL;
}

/// Signals are for the program's own threads, but for those that a thread raises itself.
static int create_host(int capacity) {
  sigset_t blocked, saved;
  sigfillset(&blocked);
  const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&blocked, own[i]);
  pthread_sigmask(SIG_SETMASK, &blocked, &saved);
  int failed = pthread_create(&team.host, NULL, host, (void *)(intptr_t)capacity);
  pthread_sigmask(SIG_SETMASK, &saved, NULL);
  team.hasHost = !failed;
  return failed;
}

/// A forked child has no team: it runs on the calling thread alone.
static void forget_team(void) {
  team.hasBegun = true;
  team.capacity = 1;
  team.running = 1;
  team.hasHost = false;
}

static void wait_for_start(void) {
  pthread_mutex_lock(&team.startLock);
  while (!team.running) pthread_cond_wait(&team.started, &team.startLock);
  pthread_mutex_unlock(&team.startLock);
}

/// At exit, before OpenMP is taken down: a worker that still starts, or waits, would meet what
/// OpenMP has freed. A job that another thread runs now keeps its team, and the exit goes on.
static void end_team(void) {
  wait_for_start();
  uint32_t serving = atomic_load(&team.serving);
  if (!team.hasHost ||
      !atomic_compare_exchange_strong(&team.nextTicket, &serving, serving + 1)) {
    return;
  }
  uint64_t end = ++team.phase;
  for (int i = 1; i < team.capacity; i++) {
    atomic_exchange(&participants[i].word, end << 16 | team_ended);
    wake(&participants[i]);
  }
  atomic_store(&team.ended, 1);
  tenon_futex_wake(&team.ended, UINT32_MAX);
  struct timespec limit;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += 2;
  pthread_timedjoin_np(team.host, NULL, &limit);
  forget_team();
  unlock_team();
}

void tenon_team_begin(int capacity, const int *cpus, int cpuCount, int concurrency) {
  pthread_mutex_lock(&team.startLock);
  if (!team.hasBegun) {
    team.hasBegun = true;
    if (capacity > max_threads) capacity = max_threads;
    team.cpuCount = cpuCount < CPU_SETSIZE ? cpuCount : CPU_SETSIZE;
    for (int i = 0; i < team.cpuCount; i++) team.cpus[i] = cpus[i];
    team.concurrency = concurrency;
    for (int i = 0; i < max_threads; i++) participants[i].processor = -1;
    if (capacity < 2 || create_host(capacity) != 0) forget_team();
    pthread_atfork(NULL, NULL, forget_team);
    atexit(end_team);
  }
  pthread_mutex_unlock(&team.startLock);
}

int tenon_team_start(int capacity, const int *cpus, int cpuCount, int concurrency) {
  tenon_team_begin(capacity, cpus, cpuCount, concurrency);
  wait_for_start();
  return tenon_team_capacity();
}
