#include "program.h"

static const int64_t size_limit = (INT64_C(1) << 62) - 1;

static int64_t clamp(int64_t value) {
  return value > size_limit ? size_limit : value < -size_limit ? -size_limit : value;
}

static int64_t product(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_mul_overflow(a, b, &result)) return (a < 0) == (b < 0) ? size_limit : -size_limit;
  return clamp(result);
}

static int64_t floor_divide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

static int64_t apply(int64_t op, int64_t a, int64_t b) {
  if (a == TENON_NO_SIZE || b == TENON_NO_SIZE) return TENON_NO_SIZE;
  switch (op) {
    case tenon_size_add: return clamp(a + b);
    case tenon_size_multiply: return product(a, b);
    case tenon_size_floor_divide: return b > 0 ? floor_divide(a, b) : TENON_NO_SIZE;
    case tenon_size_remainder: return b > 0 ? a - b * floor_divide(a, b) : TENON_NO_SIZE;
    case tenon_size_minimum: return a < b ? a : b;
    case tenon_size_maximum: return a > b ? a : b;
    default: __builtin_trap();
  }
}

int64_t tenon_size_evaluate(
    const int64_t **code, const int64_t *symbols, int64_t *stack) {
  const int64_t *at = *code;
  int64_t depth = 0;
  for (;;) {
    int64_t op = *at++;
    if (op == tenon_size_end) break;
    if (op == tenon_size_constant) {
      stack[depth++] = *at++;
    } else if (op == tenon_size_symbol) {
      stack[depth++] = symbols[*at++];
    } else {
      depth--;
      stack[depth - 1] = apply(op, stack[depth - 1], stack[depth]);
    }
  }
  *code = at;
  return stack[0];
}
