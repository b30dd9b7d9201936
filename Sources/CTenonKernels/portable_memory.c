#include "portable_state.h"
#include <string.h>

// Elements between memory and registers, and between types.

static float from_bf16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

static uint16_t to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if (value != value) return (uint16_t)(bits >> 16) | 0x40;
  return (uint16_t)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

float tenon_portable_rounded(float value, int64_t type) {
  if (type == tenon_portable_f16) return (float)(_Float16)value;
  if (type == tenon_portable_bf16) return from_bf16(to_bf16(value));
  return value;
}

int64_t tenon_portable_wrap(int64_t value, int64_t type) {
  switch (type) {
  case tenon_portable_bool: return value != 0;
  case tenon_portable_i8: return (int8_t)value;
  case tenon_portable_u8: return (uint8_t)value;
  case tenon_portable_i16: return (int16_t)value;
  case tenon_portable_u16: return (uint16_t)value;
  case tenon_portable_i32: return (int32_t)value;
  case tenon_portable_u32: return (uint32_t)value;
  default: return value;
  }
}

/// Reads lanes `l` from `element(l)`.
#define READ(register_type, memory_type, convert)                                                \
  do {                                                                                           \
    const memory_type *source = (const memory_type *)from + uniform;                             \
    if (holds) {                                                                                 \
      for (int l = 0; l < n; l++)                                                                \
        if (holds[l]) to->register_type[l] = convert(source[at ? at[l] : 0]);                    \
    } else if (kind == kept_consecutive) {                                                       \
      for (int l = 0; l < n; l++) to->register_type[l] = convert(source[l]);                     \
    } else if (kind == kept_uniform) {                                                           \
      for (int l = 0; l < n; l++) to->register_type[l] = convert(source[0]);                     \
    } else {                                                                                     \
      for (int l = 0; l < n; l++) to->register_type[l] = convert(source[at[l]]);                 \
    }                                                                                            \
  } while (0)

#define AS_IS(x) (x)
#define NOT_ZERO(x) ((x) != 0)
#define FROM_F16(x) ((float)(x))

/// Where the lanes' elements lie: a uniform part and, where lanes differ, an array.
static int locate(
    state *s, const int64_t *expression, int64_t *uniform, const int64_t **at, int64_t *room) {
  int64_t slot = expression[0];
  if (slot < 0) {
    tenon_portable_evaluate(s, expression, room);
    *uniform = 0;
    *at = room;
    return kept_general;
  }
  const kept_offsets *kept = &s->kept[slot];
  int64_t total = s->sizes[expression[1]];
  for (int64_t term = 0; term < expression[2]; term++) {
    const axis_index *axis = &s->axes[expression[3 + 2 * term]];
    if (!axis->varies) total += axis->value * s->sizes[expression[4 + 2 * term]];
  }
  if (kept->kind == kept_consecutive) total += kept->values[0];
  if (kept->kind == kept_uniform) total += kept->values[0];
  *uniform = total;
  *at = kept->values;
  return kept->kind;
}

void tenon_portable_load_lanes(
    state *s, lanes *to, int64_t type, const void *from, const int64_t *expression,
    const bool *holds) {
  int64_t room[LANES];
  int64_t uniform;
  const int64_t *at;
  int n = s->count;
  int kind = locate(s, expression, &uniform, &at, room);
  int64_t steps[LANES];
  if (holds && kind != kept_general) {
    for (int l = 0; l < n; l++) steps[l] = kind == kept_consecutive ? l : 0;
    at = steps;
  }
  switch (type) {
  case tenon_portable_bool: READ(integer, uint8_t, NOT_ZERO); break;
  case tenon_portable_i8: READ(integer, int8_t, AS_IS); break;
  case tenon_portable_u8: READ(integer, uint8_t, AS_IS); break;
  case tenon_portable_i16: READ(integer, int16_t, AS_IS); break;
  case tenon_portable_u16: READ(integer, uint16_t, AS_IS); break;
  case tenon_portable_i32: READ(integer, int32_t, AS_IS); break;
  case tenon_portable_u32: READ(integer, uint32_t, AS_IS); break;
  case tenon_portable_i64:
  case tenon_portable_u64: READ(integer, int64_t, AS_IS); break;
  case tenon_portable_f16: READ(f32, _Float16, FROM_F16); break;
  case tenon_portable_bf16: READ(f32, uint16_t, from_bf16); break;
  case tenon_portable_f32: READ(f32, float, AS_IS); break;
  case tenon_portable_f64: READ(f64, double, AS_IS); break;
  }
}

#define WRITE(register_type, memory_type, convert)                                               \
  for (int l = 0; l < n; l++) ((memory_type *)to)[first + l] = convert(from->register_type[l])

#define TO_F16(x) ((_Float16)(x))

void tenon_portable_store_lanes(
    const lanes *from, int64_t type, void *to, int64_t first, int count) {
  int n = count;
  switch (type) {
  case tenon_portable_bool:
  case tenon_portable_i8:
  case tenon_portable_u8: WRITE(integer, uint8_t, (uint8_t)); break;
  case tenon_portable_i16:
  case tenon_portable_u16: WRITE(integer, uint16_t, (uint16_t)); break;
  case tenon_portable_i32:
  case tenon_portable_u32: WRITE(integer, uint32_t, (uint32_t)); break;
  case tenon_portable_i64:
  case tenon_portable_u64: WRITE(integer, int64_t, AS_IS); break;
  case tenon_portable_f16: WRITE(f32, _Float16, TO_F16); break;
  case tenon_portable_bf16: WRITE(f32, uint16_t, to_bf16); break;
  case tenon_portable_f32: WRITE(f32, float, AS_IS); break;
  case tenon_portable_f64: WRITE(f64, double, AS_IS); break;
  }
}

/// Toward zero, clamped to the type; NaN gives 0.
static int64_t saturated(double value, int64_t type) {
  if (value != value) return 0;
  if (type == tenon_portable_u64) {
    if (value <= 0) return 0;
    return value >= 18446744073709551616.0 ? -1 : (int64_t)(uint64_t)value;
  }
  static const int64_t low[] = {0, INT8_MIN, 0, INT16_MIN, 0, INT32_MIN, 0, INT64_MIN};
  static const int64_t high[] = {1,         INT8_MAX,  UINT8_MAX,  INT16_MAX,
                                 UINT16_MAX, INT32_MAX, UINT32_MAX, INT64_MAX};
  if (value <= (double)low[type]) return low[type];
  if (value >= (double)high[type]) return high[type];
  return (int64_t)value;
}

static float narrow_once(double value, int64_t type) {
  if (!is_narrow(type)) return (float)value;
  if (type == tenon_portable_f16) return (float)(_Float16)value;
  // Rounding to odd first keeps the second rounding from seeing a false tie.
  float nearest = (float)value;
  if (value == value && (double)nearest != value && nearest - nearest == 0) {
    uint32_t bits;
    memcpy(&bits, &nearest, 4);
    double size = value < 0 ? -value : value;
    double near = nearest < 0 ? -(double)nearest : (double)nearest;
    if (near > size) bits -= 1;
    bits |= 1;
    memcpy(&nearest, &bits, 4);
  }
  return from_bf16(to_bf16(nearest));
}

void tenon_portable_convert_lanes(lanes *r, int64_t to, int64_t from, const lanes *a, int n) {
  for (int l = 0; l < n; l++) {
    if (!is_float(from)) {
      int64_t x = a->integer[l];
      if (to == tenon_portable_f64) {
        r->f64[l] = from == tenon_portable_u64 ? (double)(uint64_t)x : (double)x;
      } else if (to == tenon_portable_f32) {
        r->f32[l] = from == tenon_portable_u64 ? (float)(uint64_t)x : (float)x;
      } else if (is_narrow(to)) {
        // Bits past 53 are folded into one sticky bit, so that rounding twice is rounding once.
        bool negative = from != tenon_portable_u64 && x < 0;
        uint64_t size = negative ? 0 - (uint64_t)x : (uint64_t)x;
        int shift = size == 0 ? 0 : 64 - __builtin_clzll(size) - 53;
        if (shift > 0) {
          uint64_t rest = size & (((uint64_t)1 << shift) - 1);
          size = ((size >> shift) | (rest != 0)) << shift;
        }
        r->f32[l] = narrow_once(negative ? -(double)size : (double)size, to);
      } else {
        r->integer[l] = tenon_portable_wrap(x, to);
      }
      continue;
    }
    double x = from == tenon_portable_f64 ? a->f64[l] : (double)a->f32[l];
    if (to == tenon_portable_f64) {
      r->f64[l] = x;
    } else if (is_float(to)) {
      r->f32[l] = narrow_once(x, to);
    } else if (to == tenon_portable_bool) {
      r->integer[l] = x != 0;
    } else {
      r->integer[l] = saturated(x, to);
    }
  }
}

void tenon_portable_bitcast_lanes(lanes *r, int64_t to, int64_t from, const lanes *a, int n) {
  char memory[LANES * 8];
  tenon_portable_store_lanes(a, from, memory, 0, n);
  state s = {.count = n};
  int64_t sizes[1] = {0};
  kept_offsets kept = {.kind = kept_consecutive};
  s.sizes = sizes;
  s.kept = &kept;
  const int64_t expression[] = {0, 0, 0};
  tenon_portable_load_lanes(&s, r, to, memory, expression, 0);
}
