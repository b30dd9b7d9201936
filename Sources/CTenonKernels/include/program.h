#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The ABI of every kernel: computes the tiles `first ..< end`.
typedef void (*tenon_kernel)(
    void *const *buffers, const int64_t *sizes, void *scratch, int64_t first, int64_t end);

/// The size of an expression that has no value: its divisor is not positive, or its symbol has
/// not been read yet.
#define TENON_NO_SIZE INT64_MIN

/// Postfix code of size expressions. `constant` and `symbol` take the word that follows.
/// Arithmetic saturates at ±(2^62 - 1); division and remainder round toward minus infinity.
enum {
  tenon_size_end,
  tenon_size_constant,
  tenon_size_symbol,
  tenon_size_add,
  tenon_size_multiply,
  tenon_size_floor_divide,
  tenon_size_remainder,
  tenon_size_minimum,
  tenon_size_maximum,
};

enum {
  /// Ends the program.
  tenon_op_end,
  /// Tiles of `kernel`.
  tenon_op_kernel,
  /// The integer in buffer 0 becomes symbol `operand`, at most `limit`.
  tenon_op_read_size,
  /// Continues at `target`.
  tenon_op_jump,
  /// Continues at `target` where the integer in buffer 0 is zero.
  tenon_op_jump_if_zero,
  /// Sets counter `operand` to zero.
  tenon_op_begin_loop,
  /// Adds one to counter `operand`; the run fails where it passes `limit` (unless negative).
  tenon_op_count_trip,
  /// Continues at `target` where the integer in buffer 0 is not `limit`.
  tenon_op_jump_unless_equal,
  /// Calls host function `operand`.
  tenon_op_host,
};

typedef struct tenon_instruction {
  int32_t op;
  /// 1 where every earlier instruction must have ended; set for all but kernels.
  int32_t barrier;
  /// The step it belongs to, for the profile and messages.
  int32_t step;
  int32_t operand;
  int32_t target;
  /// Bytes of the integer in buffer 0, negative where it is signed.
  int32_t width;
  int64_t limit;
  tenon_kernel kernel;
  /// Index of the instruction's first entry of `pointers`.
  int64_t buffers;
  /// Indices into `sizes`: its first argument, its tiles (after the last argument), its FLOPs and
  /// bytes.
  int64_t arguments, tiles, flops, bytes;
} tenon_instruction;

/// How a run ended. `tenon_run_host` and all after it fail at an instruction.
enum {
  tenon_run_ok,
  tenon_run_cancelled,
  tenon_run_time_limit,
  tenon_run_host_failed,
  tenon_run_size_out_of_range,
  tenon_run_too_many_trips,
  tenon_run_no_size,
};

/// Set by any thread, seen by a run between its steps.
typedef struct tenon_flag tenon_flag;
tenon_flag *tenon_flag_create(void);
void tenon_flag_destroy(tenon_flag *flag);
void tenon_flag_set(tenon_flag *flag, bool value);
bool tenon_flag_is_set(const tenon_flag *flag);

/// Time spent in a step: by threads at work, and its part of the time that passed.
typedef struct tenon_step_time {
  int64_t busy, elapsed, runs;
} tenon_step_time;

enum { tenon_group_limit = 16 };

/// A flat program and the state of its run; one run at a time. The tables belong to the caller.
typedef struct tenon_program {
  const tenon_instruction *code;
  /// Buffers of all instructions, by address.
  void **pointers;
  /// Sizes of all instructions; those of `dynamicSizes` are taken from `expressionValues` when
  /// a run begins and when a size has been read.
  int64_t *sizes;
  /// Pairs: index into `sizes`, index into `expressionValues`.
  const int64_t *dynamicSizes;
  int64_t dynamicSizeCount;
  /// The code of all expressions, one after the other.
  const int64_t *expressions;
  int64_t *expressionValues;
  int64_t expressionCount;
  int64_t *expressionStack;
  int64_t *symbols;
  int64_t *counters;
  /// Scratch of thread t begins at `scratch + t * scratchStride`.
  char *scratch;
  int64_t scratchStride;

  /// Returns 0, or another number to end the run. Called on any of the run's threads.
  int32_t (*host)(void *context, const struct tenon_program *program,
                  const tenon_instruction *instruction);
  void *hostContext;
  /// Either ends the run; NULL where there is none.
  const tenon_flag *cancelled[2];
  /// Nanoseconds of the monotonic clock; 0 for none.
  int64_t deadline;
  /// `stepCount` entries for each thread, and one row more for elapsed times and
  /// the busy ones that are in them; NULL when off.
  tenon_step_time *profile;
  int64_t stepCount;

  /// How the run ended, at which instruction, and the number it failed over (the size read, the
  /// limit of trips, or the index into `sizes` of the one without a value).
  int32_t status;
  int64_t failedAt;
  int64_t failedValue;

  // The phase under way.
  int64_t next;
  int32_t threads;
  int32_t groupCount;
  int64_t group[tenon_group_limit];
  int64_t chunkTiles[tenon_group_limit];
  int64_t chunks[tenon_group_limit];
  int64_t phaseBegan;
} tenon_program;

/// Runs the program on `threads` threads and returns the status. With one thread, or inside
/// another run, everything happens on the calling thread and the team is not used.
int32_t tenon_program_run(tenon_program *program, int32_t threads);

/// The present value of a size expression's code.
int64_t tenon_size_evaluate(
    const int64_t **code, const int64_t *symbols, int64_t *stack);

/// A kernel that copies: buffer 0 to buffer 1, `sizes[0]` bytes in tiles of 64 KiB.
void tenon_copy_kernel(
    void *const *buffers, const int64_t *sizes, void *scratch, int64_t first, int64_t end);

/// The integer of |width| bytes at `at`, sign-extended where `width` is negative.
int64_t tenon_load_integer(const void *at, int32_t width);

int64_t tenon_monotonic_nanoseconds(void);
