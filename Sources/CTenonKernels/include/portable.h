#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Bytecode of groups for machines without a C compiler: the scalar programs of a group, run over
/// blocks of elements. It is an array of 64-bit words that the first buffer holds; `PortableWriter`
/// in TenonCodegen writes it and says what each word is. A word called a *size* is an index into the
/// kernel's size arguments.
///
/// All tiles of one group write parts of their own, so threads share them freely.
void tenon_portable_kernel(
    void *const *buffers, const int64_t *sizes, void *scratch, int64_t first, int64_t end);

/// Whether there is an OpenBLAS to multiply matrices with: the library that `TENON_BLAS` names, or
/// where it is not set the system's. Opens it.
bool tenon_portable_has_library(void);

/// c[m][n] is the sum over k of a[m][k] b[k][n]; strides in elements, one of each operand's is 1.
/// By the library where there is one, else by plain loops.
///
/// - type: `tenon_portable_f32` or `tenon_portable_f64`.
void tenon_portable_multiply_matrices(
    int64_t type, int64_t m, int64_t n, int64_t k, const void *a, int64_t am, int64_t ak,
    const void *b, int64_t bk, int64_t bn, void *c);

/// As `tenon_portable_multiply_matrices`, always by plain loops; strides are free.
void tenon_portable_multiply_matrices_plainly(
    int64_t type, int64_t m, int64_t n, int64_t k, const void *a, int64_t am, int64_t ak,
    const void *b, int64_t bk, int64_t bn, void *c);

/// Elements that are computed side by side.
#define TENON_PORTABLE_LANES 128

/// Words of one instruction: op, destination register, type, function, a, b, c, d.
#define TENON_PORTABLE_WORDS 8

/// Element types, by place in memory; registers hold floats under f64 as float, f64 as double and
/// everything else as int64_t.
enum {
  tenon_portable_bool,
  tenon_portable_i8,
  tenon_portable_u8,
  tenon_portable_i16,
  tenon_portable_u16,
  tenon_portable_i32,
  tenon_portable_u32,
  tenon_portable_i64,
  tenon_portable_u64,
  tenon_portable_f16,
  tenon_portable_bf16,
  tenon_portable_f32,
  tenon_portable_f64,
};

enum {
  /// a: the bits of a double, rounded to the type.
  tenon_portable_float,
  /// a: an integer.
  tenon_portable_integer,
  /// a: a size.
  tenon_portable_size,
  /// a: an expression.
  tenon_portable_index,
  /// function: an operand of the stage; a: an expression, the offset in elements; b: guards or -1;
  /// c: the register of what is there outside the guards.
  tenon_portable_load,
  /// a: guards.
  tenon_portable_holds,
  /// function of a.
  tenon_portable_unary,
  /// function of a and b.
  tenon_portable_binary,
  /// function: a comparison of a and b; d: their type.
  tenon_portable_compare,
  /// b where a is true, else c.
  tenon_portable_select,
  /// a, of type d.
  tenon_portable_convert,
  /// The bits of a, of type d.
  tenon_portable_bitcast,
  /// function: which value of the reduction.
  tenon_portable_reduced,
  /// function: which parameter of a combiner.
  tenon_portable_parameter,
};

/// Words of postfix code of an index expression.
enum {
  tenon_portable_end,
  /// A size follows.
  tenon_portable_push_size,
  /// An axis follows.
  tenon_portable_push_axis,
  /// A register follows.
  tenon_portable_push_register,
  tenon_portable_add,
  /// A size follows.
  tenon_portable_multiply,
  /// A size follows; rounded toward minus infinity.
  tenon_portable_floor_divide,
  /// A size follows; never negative.
  tenon_portable_remainder,
};

enum {
  tenon_portable_sum,
  tenon_portable_product,
  tenon_portable_maximum,
  tenon_portable_minimum,
  tenon_portable_and,
  tenon_portable_or,
  /// A program of two parameters.
  tenon_portable_program,
};
