// The arithmetic peak of the machine, with the protocol of `peer`: prints READY, then for each line S
// runs for S seconds and prints a JSON array of the milliseconds that 10^9 operations take. Sixteen
// independent chains of multiply-adds in registers, one worker for each thread; of bf16 and int8 on
// machines with a matrix unit (AMX), four of products of tiles.
//
//   peak f32|bf16|int8 [threads]
//   clang -O2 -pthread peak.c -o peak

#define _GNU_SOURCE
#include <immintrin.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CHAINS = 16, ROUNDS = 1 << 14 };

typedef long Work(void);  // one slice of work; the operations it did
static volatile int sink;

#define WORK(NAME, FEATURES, REGISTER, CLASS, INSTRUCTION, OPERATIONS)                     \
  __attribute__((target(FEATURES))) static long NAME(void) {                               \
    REGISTER c[CHAINS];                                                                    \
    memset(c, 0, sizeof c);                                                                \
    REGISTER x = c[0], y = c[0];                                                           \
    for (int round = 0; round < ROUNDS; round++)                                           \
      __asm__ volatile(INSTRUCTION(0) INSTRUCTION(1) INSTRUCTION(2) INSTRUCTION(3)         \
                           INSTRUCTION(4) INSTRUCTION(5) INSTRUCTION(6) INSTRUCTION(7)     \
                               INSTRUCTION(8) INSTRUCTION(9) INSTRUCTION(10)               \
                                   INSTRUCTION(11) INSTRUCTION(12) INSTRUCTION(13)         \
                                       INSTRUCTION(14) INSTRUCTION(15)                     \
                       : CLASS##_CHAINS                                                    \
                       : [x] CLASS##_INPUT(x), [y] CLASS##_INPUT(y));                      \
    sink += *(int *)c;                                                                     \
    return (long)ROUNDS * CHAINS * OPERATIONS;                                             \
  }
#define WIDE_CHAINS                                                                        \
  "+v"(c[0]), "+v"(c[1]), "+v"(c[2]), "+v"(c[3]), "+v"(c[4]), "+v"(c[5]), "+v"(c[6]),      \
      "+v"(c[7]), "+v"(c[8]), "+v"(c[9]), "+v"(c[10]), "+v"(c[11]), "+v"(c[12]),           \
      "+v"(c[13]), "+v"(c[14]), "+v"(c[15])
#define WIDE_INPUT "v"
#define NARROW_CHAINS                                                                      \
  "+x"(c[0]), "+x"(c[1]), "+x"(c[2]), "+x"(c[3]), "+x"(c[4]), "+x"(c[5]), "+x"(c[6]),      \
      "+x"(c[7]), "+x"(c[8]), "+x"(c[9]), "+x"(c[10]), "+x"(c[11])
#define NARROW_INPUT "x"
#define FMA(k) "vfmadd231ps %[x], %[y], %" #k "\n"
#define DOT_BF16(k) "vdpbf16ps %[x], %[y], %" #k "\n"
#define DOT_INT8(k) "vpdpbusd %[x], %[y], %" #k "\n"

WORK(fma_512, "avx512f", __m512, WIDE, FMA, 32)
WORK(dot_bf16, "avx512f,avx512bf16", __m512, WIDE, DOT_BF16, 64)
WORK(dot_int8, "avx512f,avx512vnni", __m512, WIDE, DOT_INT8, 128)

__attribute__((target("avx2,fma"))) static long fma_256(void) {
  __m256 c[12];
  memset(c, 0, sizeof c);
  __m256 x = c[0], y = c[0];
  for (int round = 0; round < ROUNDS; round++)
    __asm__ volatile(FMA(0) FMA(1) FMA(2) FMA(3) FMA(4) FMA(5) FMA(6) FMA(7) FMA(8) FMA(9)
                         FMA(10) FMA(11)
                     : NARROW_CHAINS
                     : [x] "x"(x), [y] "x"(y));
  sink += *(int *)c;
  return (long)ROUNDS * 12 * 16;
}

// Six tiles of 16 rows of 64 bytes: four of sums, one for each factor.
#define TILES(NAME, FEATURE, PRODUCT, OPERATIONS)                                          \
  __attribute__((target("amx-tile," FEATURE))) static long NAME(void) {                    \
    static const struct {                                                                  \
      unsigned char palette, rest[15];                                                     \
      unsigned short bytes[16];                                                            \
      unsigned char rows[16];                                                              \
    } shapes = {1, {0}, {64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16}};               \
    _tile_loadconfig(&shapes);                                                             \
    _tile_zero(4);                                                                         \
    _tile_zero(5);                                                                         \
    for (int round = 0; round < ROUNDS / 16; round++) {                                    \
      PRODUCT(0, 4, 5);                                                                    \
      PRODUCT(1, 4, 5);                                                                    \
      PRODUCT(2, 4, 5);                                                                    \
      PRODUCT(3, 4, 5);                                                                    \
    }                                                                                      \
    _tile_release();                                                                       \
    return (long)ROUNDS / 16 * 4 * OPERATIONS;                                             \
  }
TILES(tiles_bf16, "amx-bf16", _tile_dpbf16ps, 16 * 16 * 64)
TILES(tiles_int8, "amx-int8", _tile_dpbusd, 16 * 16 * 128)

// Whether the system lets this process use tiles: ARCH_REQ_XCOMP_PERM of XTILEDATA.
static int has_tiles(void) {
  return __builtin_cpu_supports("amx-int8") && __builtin_cpu_supports("amx-bf16") &&
         syscall(SYS_arch_prctl, 0x1023, 18) == 0;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

struct worker {
  Work *work;
  pthread_t thread;
  int processor;
  double until;
  long operations;
};

static void *run(void *argument) {
  struct worker *worker = argument;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(worker->processor, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  worker->operations = 0;
  do worker->operations += worker->work();
  while (now() < worker->until);
  return NULL;
}

static Work *work_for(const char *precision) {
  if (strcmp(precision, "f32") && has_tiles())
    return strcmp(precision, "bf16") ? tiles_int8 : tiles_bf16;
  if (!strcmp(precision, "bf16")) return __builtin_cpu_supports("avx512bf16") ? dot_bf16 : NULL;
  if (!strcmp(precision, "int8")) return __builtin_cpu_supports("avx512vnni") ? dot_int8 : NULL;
  return __builtin_cpu_supports("avx512f") ? fma_512 : fma_256;
}

int main(int count, char **arguments) {
  if (count < 2) return fprintf(stderr, "usage: peak f32|bf16|int8 [threads]\n"), 2;
  Work *work = work_for(arguments[1]);
  if (!work) return fprintf(stderr, "peak: this machine has no %s dot product\n", arguments[1]), 1;
  int threads = count > 2 ? atoi(arguments[2]) : 2;
  struct worker *workers = calloc(threads, sizeof *workers);
  printf("READY {}\n");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    double end = now() + atof(line) * 1e3;
    const char *separator = "[";
    do {  // slices of 5 ms, so that a quiet moment shows as one
      double start = now();
      long operations = 0;
      for (int k = 0; k < threads; k++) {
        workers[k] = (struct worker){.work = work, .processor = k, .until = start + 5};
        pthread_create(&workers[k].thread, NULL, run, &workers[k]);
      }
      for (int k = 0; k < threads; k++) {
        pthread_join(workers[k].thread, NULL);
        operations += workers[k].operations;
      }
      printf("%s%.6f", separator, (now() - start) * 1e9 / operations);
      separator = ",";
    } while (now() < end);
    printf("]\n");
    fflush(stdout);
  }
  free(workers);
}
