#include "portable_state.h"
#include <math.h>

// Arithmetic of whole blocks. The numbers of the functions are those of the enumerations in TenonGraph.

#define FLOATS(name, suffix, number)                                                             \
  static number name(int64_t function, number x) {                                               \
    switch (function) {                                                                          \
    case 0: return -x;                                                                           \
    case 1: return fabs##suffix(x);                                                              \
    case 2: return x != x ? x : x > 0 ? 1 : x < 0 ? -1 : x;                                      \
    case 4: return exp##suffix(x);                                                               \
    case 5: return expm1##suffix(x);                                                             \
    case 6: return log##suffix(x);                                                               \
    case 7: return log1p##suffix(x);                                                             \
    case 8: return sqrt##suffix(x);                                                              \
    case 9: return 1 / sqrt##suffix(x);                                                          \
    case 10: return cbrt##suffix(x);                                                             \
    case 11: return sin##suffix(x);                                                              \
    case 12: return cos##suffix(x);                                                              \
    case 13: return tan##suffix(x);                                                              \
    case 14: return asin##suffix(x);                                                             \
    case 15: return acos##suffix(x);                                                             \
    case 16: return atan##suffix(x);                                                             \
    case 17: return sinh##suffix(x);                                                             \
    case 18: return cosh##suffix(x);                                                             \
    case 19: return tanh##suffix(x);                                                             \
    case 20: return asinh##suffix(x);                                                            \
    case 21: return acosh##suffix(x);                                                            \
    case 22: return atanh##suffix(x);                                                            \
    case 23: return 1 / (1 + exp##suffix(-x));                                                   \
    case 24: return erf##suffix(x);                                                              \
    case 25: return floor##suffix(x);                                                            \
    case 26: return ceil##suffix(x);                                                             \
    case 27: return rint##suffix(x);                                                             \
    case 28: return round##suffix(x);                                                            \
    }                                                                                            \
    return x;                                                                                    \
  }

FLOATS(unary_f32, f, float)
FLOATS(unary_f64, , double)

static int width(int64_t type) {
  switch (type) {
  case tenon_portable_bool: return 1;
  case tenon_portable_i8:
  case tenon_portable_u8: return 8;
  case tenon_portable_i16:
  case tenon_portable_u16: return 16;
  case tenon_portable_i32:
  case tenon_portable_u32: return 32;
  default: return 64;
  }
}

static uint64_t bits_of(int64_t x, int64_t type) {
  int bits = width(type);
  return bits == 64 ? (uint64_t)x : (uint64_t)x & (((uint64_t)1 << bits) - 1);
}

static bool is_signed(int64_t type) {
  return type == tenon_portable_i8 || type == tenon_portable_i16 || type == tenon_portable_i32
         || type == tenon_portable_i64;
}

static int64_t unary_integer(int64_t function, int64_t type, int64_t x) {
  switch (function) {
  case 0: return tenon_portable_wrap((int64_t)(0 - (uint64_t)x), type);
  case 1: return is_signed(type) && x < 0 ? tenon_portable_wrap((int64_t)(0 - (uint64_t)x), type) : x;
  case 2: return is_signed(type) ? (x > 0) - (x < 0) : x != 0;
  case 3: return type == tenon_portable_bool ? !x : tenon_portable_wrap(~x, type);
  case 30: {
    uint64_t bits = bits_of(x, type);
    return bits == 0 ? width(type) : __builtin_clzll(bits) - (64 - width(type));
  }
  case 31: return __builtin_popcountll(bits_of(x, type));
  }
  return x;
}

void tenon_portable_unary_lanes(lanes *r, int64_t function, int64_t type, const lanes *a, int n) {
  if (function == 29) {
    // Whether a, of `type`, is finite.
    for (int l = 0; l < n; l++) {
      double x = type == tenon_portable_f64 ? a->f64[l] : is_float(type) ? (double)a->f32[l] : 0;
      r->integer[l] = x - x == 0;
    }
  } else if (type == tenon_portable_f64) {
    for (int l = 0; l < n; l++) r->f64[l] = unary_f64(function, a->f64[l]);
  } else if (is_float(type)) {
    for (int l = 0; l < n; l++)
      r->f32[l] = tenon_portable_rounded(unary_f32(function, a->f32[l]), type);
  } else {
    for (int l = 0; l < n; l++) r->integer[l] = unary_integer(function, type, a->integer[l]);
  }
}

static double larger(double x, double y) {
  if (x != x || y != y) return NAN;
  if (x == y) return signbit(x) ? y : x;
  return x > y ? x : y;
}

static double smaller(double x, double y) {
  if (x != x || y != y) return NAN;
  if (x == y) return signbit(x) ? x : y;
  return x < y ? x : y;
}

static double binary_f64(int64_t function, double x, double y) {
  switch (function) {
  case 0: return x + y;
  case 1: return x - y;
  case 2: return x * y;
  case 3: return x / y;
  case 4: return fmod(x, y);
  case 5: return larger(x, y);
  case 6: return smaller(x, y);
  case 7: return pow(x, y);
  case 8: return atan2(x, y);
  }
  return x;
}

static float binary_f32(int64_t function, float x, float y) {
  switch (function) {
  case 4: return fmodf(x, y);
  case 5: return (float)larger(x, y);
  case 6: return (float)smaller(x, y);
  case 7: return powf(x, y);
  case 8: return atan2f(x, y);
  }
  return x;
}

static int64_t power_integer(int64_t x, int64_t y, int64_t type) {
  if (y < 0 && type != tenon_portable_u64) return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0;
  uint64_t result = 1, base = (uint64_t)x, left = (uint64_t)y;
  while (left) {
    if (left & 1) result *= base;
    base *= base;
    left >>= 1;
  }
  return (int64_t)result;
}

static int64_t binary_integer(int64_t function, int64_t type, int64_t x, int64_t y) {
  bool wide = type == tenon_portable_u64;
  bool less = wide ? (uint64_t)x < (uint64_t)y : x < y;
  uint64_t count = (uint64_t)y;
  int bits = width(type);
  switch (function) {
  case 0: return (int64_t)((uint64_t)x + (uint64_t)y);
  case 1: return (int64_t)((uint64_t)x - (uint64_t)y);
  case 2: return (int64_t)((uint64_t)x * (uint64_t)y);
  case 3:
    if (y == 0) return -1;
    if (wide) return (int64_t)((uint64_t)x / (uint64_t)y);
    return y == -1 ? (int64_t)(0 - (uint64_t)x) : x / y;
  case 4:
    if (y == 0) return x;
    if (wide) return (int64_t)((uint64_t)x % (uint64_t)y);
    return y == -1 ? 0 : x % y;
  case 5: return less ? y : x;
  case 6: return less ? x : y;
  case 7: return power_integer(x, y, type);
  case 9: return x & y;
  case 10: return x | y;
  case 11: return x ^ y;
  case 12: return (is_signed(type) && y < 0) || count >= (uint64_t)bits ? 0 : x << count;
  case 13:
    if ((is_signed(type) && y < 0) || count >= (uint64_t)bits) count = (uint64_t)(bits - 1);
    if (is_signed(type)) return x >> count;
    // An unsigned number's first bit is taken for its sign.
    return (int64_t)((int64_t)((uint64_t)x << (64 - bits)) >> (64 - bits)) >> count;
  case 14:
    return (is_signed(type) && y < 0) || count >= (uint64_t)bits
               ? 0
               : (int64_t)(bits_of(x, type) >> count);
  case 15: return (int64_t)(((uint64_t)(uint32_t)x * (uint64_t)(uint32_t)y) >> 32);
  }
  return x;
}

#define LOOP(field, expression)                                                                  \
  for (int l = 0; l < n; l++) r->field[l] = expression(a->field[l], b->field[l])
#define SUM(x, y) ((x) + (y))
#define DIFFERENCE(x, y) ((x) - (y))
#define PRODUCT(x, y) ((x) * (y))
#define QUOTIENT(x, y) ((x) / (y))

void tenon_portable_binary_lanes(
    lanes *r, int64_t function, int64_t type, const lanes *a, const lanes *b, int n) {
  if (type == tenon_portable_f64) {
    for (int l = 0; l < n; l++) r->f64[l] = binary_f64(function, a->f64[l], b->f64[l]);
    return;
  }
  if (!is_float(type)) {
    for (int l = 0; l < n; l++)
      r->integer[l] =
          tenon_portable_wrap(binary_integer(function, type, a->integer[l], b->integer[l]), type);
    return;
  }
  switch (function) {
  case 0: LOOP(f32, SUM); break;
  case 1: LOOP(f32, DIFFERENCE); break;
  case 2: LOOP(f32, PRODUCT); break;
  case 3: LOOP(f32, QUOTIENT); break;
  default:
    for (int l = 0; l < n; l++) r->f32[l] = binary_f32(function, a->f32[l], b->f32[l]);
  }
  if (is_narrow(type))
    for (int l = 0; l < n; l++) r->f32[l] = tenon_portable_rounded(r->f32[l], type);
}

#define COMPARE(field, number)                                                                   \
  for (int l = 0; l < n; l++) {                                                                  \
    number x = (number)a->field[l], y = (number)b->field[l];                                     \
    switch (comparison) {                                                                        \
    case 0: r->integer[l] = x == y; break;                                                       \
    case 1: r->integer[l] = x != y; break;                                                       \
    case 2: r->integer[l] = x < y; break;                                                        \
    case 3: r->integer[l] = x <= y; break;                                                       \
    case 4: r->integer[l] = x > y; break;                                                        \
    default: r->integer[l] = x >= y;                                                             \
    }                                                                                            \
  }

void tenon_portable_compare_lanes(
    lanes *r, int64_t comparison, int64_t type, const lanes *a, const lanes *b, int n) {
  if (type == tenon_portable_f64) {
    COMPARE(f64, double)
  } else if (is_float(type)) {
    COMPARE(f32, float)
  } else if (type == tenon_portable_u64) {
    COMPARE(integer, uint64_t)
  } else {
    COMPARE(integer, int64_t)
  }
}
