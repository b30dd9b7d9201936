#pragma once
#include "include/portable.h"
#include <stdbool.h>

#define LANES TENON_PORTABLE_LANES

/// Elements side by side, by the type of the register.
typedef union {
  float f32[LANES];
  double f64[LANES];
  int64_t integer[LANES];
} lanes;

/// An index along one axis: one number for all lanes, or one for each.
typedef struct {
  bool varies;
  int64_t value;
  const int64_t *values;
} axis_index;

enum { kept_none, kept_uniform, kept_consecutive, kept_general };

/// Offsets of an affine expression over the lanes, without what is the same for all of them.
typedef struct {
  int kind;
  int64_t values[LANES];
} kept_offsets;

/// What one thread works with in one stage. No instruction writes a register that it reads.
typedef struct {
  const int64_t *code;
  const int64_t *sizes;
  lanes *registers;
  axis_index *axes;
  int count;
  /// By operand: its memory and element type.
  void **memory;
  const int64_t *types;
  /// By reduction value: what has been combined so far, and the parameters of a combiner.
  lanes *combined;
  lanes *parameters;
  /// One for each affine expression of the programs.
  kept_offsets *kept;
} state;

void tenon_portable_run(state *s, const int64_t *program);
void tenon_portable_evaluate(state *s, const int64_t *expression, int64_t *result);
void tenon_portable_prepare(state *s, const int64_t *program);
void tenon_portable_load_lanes(
    state *s, lanes *to, int64_t type, const void *from, const int64_t *expression,
    const bool *holds);
void tenon_portable_store_lanes(
    const lanes *from, int64_t type, void *to, int64_t first, int count);
void tenon_portable_unary_lanes(lanes *r, int64_t function, int64_t type, const lanes *a, int n);
void tenon_portable_binary_lanes(
    lanes *r, int64_t function, int64_t type, const lanes *a, const lanes *b, int n);
void tenon_portable_compare_lanes(
    lanes *r, int64_t comparison, int64_t type, const lanes *a, const lanes *b, int n);
void tenon_portable_convert_lanes(lanes *r, int64_t to, int64_t from, const lanes *a, int n);
void tenon_portable_bitcast_lanes(lanes *r, int64_t to, int64_t from, const lanes *a, int n);
int64_t tenon_portable_wrap(int64_t value, int64_t type);

static inline bool is_float(int64_t type) { return type >= tenon_portable_f16; }
static inline bool is_narrow(int64_t type) {
  return type == tenon_portable_f16 || type == tenon_portable_bf16;
}
float tenon_portable_rounded(float value, int64_t type);
