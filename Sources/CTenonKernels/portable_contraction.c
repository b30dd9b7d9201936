#include "portable_state.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

// Matrix products of the portable backend: OpenBLAS where it is installed, opened on first use and
// kept to the calling thread; plain loops elsewhere.

enum { row_major = 101, as_is = 111, transposed = 112 };

typedef void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int,
                      float, float *, int);
typedef void (*dgemm)(int, int, int, int, int, int, double, const double *, int, const double *,
                      int, double, double *, int);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sgemm library_f32;
static dgemm library_f64;

static void open_library(void) {
  const char *name = getenv("TENON_BLAS");
  void *library = dlopen(name ? name : "libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  void (*set_threads)(int);
  *(void **)&set_threads = dlsym(library, "openblas_set_num_threads");
  if (!set_threads) return;
  set_threads(1);
  *(void **)&library_f32 = dlsym(library, "cblas_sgemm");
  *(void **)&library_f64 = dlsym(library, "cblas_dgemm");
}

bool tenon_portable_has_library(void) {
  pthread_once(&once, open_library);
  return library_f32 && library_f64;
}

#define PLAIN(name, number)                                                                      \
  static void name(int64_t m, int64_t n, int64_t k, const number *a, int64_t am, int64_t ak,     \
                   const number *b, int64_t bk, int64_t bn, number *c) {                         \
    for (int64_t i = 0; i < m; i++) {                                                            \
      for (int64_t j = 0; j < n; j++) c[i * n + j] = 0;                                          \
      for (int64_t l = 0; l < k; l++) {                                                          \
        number x = a[i * am + l * ak];                                                           \
        const number *row = b + l * bk;                                                          \
        for (int64_t j = 0; j < n; j++) c[i * n + j] += x * row[j * bn];                         \
      }                                                                                          \
    }                                                                                            \
  }

PLAIN(plain_f32, float)
PLAIN(plain_f64, double)

void tenon_portable_multiply_matrices_plainly(
    int64_t type, int64_t m, int64_t n, int64_t k, const void *a, int64_t am, int64_t ak,
    const void *b, int64_t bk, int64_t bn, void *c) {
  if (type == tenon_portable_f32)
    plain_f32(m, n, k, a, am, ak, b, bk, bn, c);
  else
    plain_f64(m, n, k, a, am, ak, b, bk, bn, c);
}

/// A leading dimension: at least as long as a line.
static int leading(int64_t stride, int64_t line) {
  return (int)(stride > line ? stride : line > 1 ? line : 1);
}

void tenon_portable_multiply_matrices(
    int64_t type, int64_t m, int64_t n, int64_t k, const void *a, int64_t am, int64_t ak,
    const void *b, int64_t bk, int64_t bn, void *c) {
  if (m <= 0 || n <= 0) return;
  if (k > 0 && tenon_portable_has_library() && m < 1 << 30 && n < 1 << 30 && k < 1 << 30) {
    int a_form = ak == 1 ? as_is : transposed, b_form = bn == 1 ? as_is : transposed;
    int a_lead = ak == 1 ? leading(am, k) : leading(ak, m);
    int b_lead = bn == 1 ? leading(bk, n) : leading(bn, k);
    if (type == tenon_portable_f32)
      library_f32(row_major, a_form, b_form, (int)m, (int)n, (int)k, 1, a, a_lead, b, b_lead, 0, c,
                  (int)n);
    else
      library_f64(row_major, a_form, b_form, (int)m, (int)n, (int)k, 1, a, a_lead, b, b_lead, 0, c,
                  (int)n);
  } else {
    tenon_portable_multiply_matrices_plainly(type, m, n, k, a, am, ak, b, bk, bn, c);
  }
}
