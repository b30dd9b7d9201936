#define _GNU_SOURCE
#include "program.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "team.h"

struct tenon_flag {
  atomic_bool value;
};

tenon_flag *tenon_flag_create(void) { return calloc(1, sizeof(tenon_flag)); }
void tenon_flag_destroy(tenon_flag *flag) { free(flag); }

void tenon_flag_set(tenon_flag *flag, bool value) {
  atomic_store_explicit(&flag->value, value, memory_order_relaxed);
}

bool tenon_flag_is_set(const tenon_flag *flag) {
  return atomic_load_explicit(&flag->value, memory_order_relaxed);
}

int64_t tenon_monotonic_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t tenon_load_integer(const void *at, int32_t width) {
  uint64_t bits = 0;
  int32_t bytes = width < 0 ? -width : width;
  memcpy(&bits, at, (size_t)bytes);
  if (width >= 0) return bits > INT64_MAX ? INT64_MAX : (int64_t)bits;
  int32_t shift = 64 - 8 * bytes;
  return (int64_t)(bits << shift) >> shift;
}

enum { copy_tile = 1 << 16 };

void tenon_copy_kernel(
    void *const *buffers, const int64_t *sizes, void *scratch, int64_t first, int64_t end) {
  (void)scratch;
  int64_t from = first * copy_tile;
  int64_t to = end * copy_tile < sizes[0] ? end * copy_tile : sizes[0];
  if (to > from) memcpy((char *)buffers[1] + from, (char *)buffers[0] + from, (size_t)(to - from));
}

// Running sizes.

static void evaluate_sizes(tenon_program *p) {
  const int64_t *code = p->expressions;
  for (int64_t i = 0; i < p->expressionCount; i++) {
    p->expressionValues[i] = tenon_size_evaluate(&code, p->symbols, p->expressionStack);
  }
  for (int64_t i = 0; i < p->dynamicSizeCount; i++) {
    p->sizes[p->dynamicSizes[2 * i]] = p->expressionValues[p->dynamicSizes[2 * i + 1]];
  }
}

// Stops.

/// Ends the run with `status` at instruction `at`.
static int64_t fail(tenon_program *p, int32_t status, int64_t at, int64_t value) {
  p->status = status;
  p->failedAt = at;
  p->failedValue = value;
  return 0;
}

static int32_t stop_status(const tenon_program *p) {
  for (int i = 0; i < 2; i++) {
    if (p->cancelled[i] && tenon_flag_is_set(p->cancelled[i])) return tenon_run_cancelled;
  }
  if (p->deadline && tenon_monotonic_nanoseconds() >= p->deadline) return tenon_run_time_limit;
  return tenon_run_ok;
}

// Kernels.

static void call(tenon_program *p, const tenon_instruction *i, int thread, int64_t first,
                 int64_t end) {
  int64_t began = p->profile ? tenon_monotonic_nanoseconds() : 0;
  i->kernel(p->pointers + i->buffers, p->sizes + i->arguments,
            p->scratch + thread * p->scratchStride, first, end);
  if (p->profile) {
    p->profile[thread * p->stepCount + i->step].busy += tenon_monotonic_nanoseconds() - began;
  }
}

/// What all threads spent in a step since its last phase.
static int64_t new_busy_time(const tenon_program *p, int32_t step) {
  int64_t sum = 0;
  for (int thread = 0; thread < p->threads; thread++) {
    sum += p->profile[thread * p->stepCount + step].busy;
  }
  return sum - p->profile[p->threads * p->stepCount + step].busy;
}

static void record_elapsed(tenon_program *p, int32_t step, int64_t began) {
  tenon_step_time *time = &p->profile[p->threads * p->stepCount + step];
  time->busy += new_busy_time(p, step);
  time->elapsed += tenon_monotonic_nanoseconds() - began;
  time->runs++;
}

enum { short_phase = 1500 };

/// A guess at the nanoseconds of an instruction on one thread; where its cost is unknown (0),
/// enough to share it.
static int64_t guessed_time(const tenon_program *p, const tenon_instruction *i) {
  int64_t flops = p->sizes[i->flops], bytes = p->sizes[i->bytes];
  if (flops <= 0 && bytes <= 0) return short_phase;
  const int64_t flops_per_nanosecond = 16, bytes_per_nanosecond = 16;
  return flops / flops_per_nanosecond + bytes / bytes_per_nanosecond;
}

/// True where the arguments and tiles of an instruction have values; else `failedValue` says which
/// has none.
static bool has_sizes(tenon_program *p, const tenon_instruction *i) {
  if (p->dynamicSizeCount == 0) return true;
  for (int64_t at = i->arguments; at <= i->tiles; at++) {
    if (p->sizes[at] == TENON_NO_SIZE) {
      p->failedValue = at;
      return false;
    }
  }
  return true;
}

/// Collects the kernels from `at` on that may run side by side and splits them into chunks; a
/// phase too short to share it runs here at once. Returns the chunks left for the team, or -1
/// where a size has no value.
static int64_t begin_group(tenon_program *p, int64_t at, int thread) {
  int32_t count = 0;
  int64_t total = 0;
  int64_t time = 0;
  do {
    const tenon_instruction *i = &p->code[at];
    int64_t tiles = p->sizes[i->tiles];
    if (!has_sizes(p, i)) {
      p->next = at;
      return -1;
    }
    if (tiles > 0) {
      int64_t size = (tiles + 8 * p->threads - 1) / (8 * p->threads);
      p->group[count] = at;
      p->chunkTiles[count] = size;
      p->chunks[count] = (tiles + size - 1) / size;
      total += p->chunks[count];
      time += guessed_time(p, i);
      count++;
    }
    at++;
  } while (p->code[at].op == tenon_op_kernel && !p->code[at].barrier && count < tenon_group_limit);
  p->next = at;
  p->groupCount = count;
  if (p->threads > 1 && total > 1 && time >= short_phase) {
    if (p->profile) p->phaseBegan = tenon_monotonic_nanoseconds();
    return total;
  }
  for (int32_t k = 0; k < count; k++) {
    const tenon_instruction *i = &p->code[p->group[k]];
    int64_t began = p->profile ? tenon_monotonic_nanoseconds() : 0;
    call(p, i, thread, 0, p->sizes[i->tiles]);
    if (p->profile) record_elapsed(p, i->step, began);
  }
  p->groupCount = 0;
  return 0;
}

/// Where the share of `owner` in the group's k-th kernel begins and ends, in chunks; turned by k,
/// so that kernels of one chunk do not all fall to one thread.
static void share_of(const tenon_program *p, int owner, int32_t k, int64_t *first, int64_t *end) {
  int64_t turned = (owner + k) % p->threads;
  *first = p->chunks[k] * turned / p->threads;
  *end = p->chunks[k] * (turned + 1) / p->threads;
}

// The job.

static int64_t share(void *context, int owner) {
  const tenon_program *p = context;
  int64_t sum = 0;
  for (int32_t k = 0; k < p->groupCount; k++) {
    int64_t first, end;
    share_of(p, owner, k, &first, &end);
    sum += end - first;
  }
  return sum;
}

static void chunk(void *context, int thread, int owner, int64_t remaining) {
  tenon_program *p = context;
  int64_t index = share(p, owner) - remaining;
  for (int32_t k = 0; k < p->groupCount; k++) {
    int64_t first, end;
    share_of(p, owner, k, &first, &end);
    if (index < end - first) {
      const tenon_instruction *i = &p->code[p->group[k]];
      int64_t tiles = p->sizes[i->tiles], from = (first + index) * p->chunkTiles[k];
      int64_t to = from + p->chunkTiles[k];
      call(p, i, thread, from, to < tiles ? to : tiles);
      return;
    }
    index -= end - first;
  }
}

/// Adds a phase's time to its kernels, to each the part that threads spent in it.
static void record_phase(tenon_program *p) {
  int64_t elapsed = tenon_monotonic_nanoseconds() - p->phaseBegan, all = 0;
  for (int32_t k = 0; k < p->groupCount; k++) all += new_busy_time(p, p->code[p->group[k]].step);
  for (int32_t k = 0; k < p->groupCount; k++) {
    int32_t step = p->code[p->group[k]].step;
    tenon_step_time *time = &p->profile[p->threads * p->stepCount + step];
    int64_t busy = new_busy_time(p, step);
    time->busy += busy;
    time->elapsed += all > 0 ? (int64_t)((double)elapsed * busy / all) : elapsed / p->groupCount;
    time->runs++;
  }
}

static int64_t advance(void *context, int thread) {
  tenon_program *p = context;
  if (p->profile) record_phase(p);
  p->groupCount = 0;
  for (;;) {
    int64_t at = p->next;
    const tenon_instruction *i = &p->code[at];
    if (i->op == tenon_op_end) return 0;
    int32_t stop = stop_status(p);
    if (stop != tenon_run_ok) return fail(p, stop, at, 0);
    int64_t began = p->profile ? tenon_monotonic_nanoseconds() : 0;
    void *operand = i->op == tenon_op_kernel ? NULL : p->pointers[i->buffers];
    switch (i->op) {
      case tenon_op_kernel: {
        int64_t chunks = begin_group(p, at, thread);
        if (chunks < 0) return fail(p, tenon_run_no_size, p->next, p->failedValue);
        if (chunks > 0) return chunks;
        continue;
      }
      case tenon_op_read_size: {
        int64_t size = tenon_load_integer(operand, i->width);
        if (size < 0 || size > i->limit) return fail(p, tenon_run_size_out_of_range, at, size);
        p->symbols[i->operand] = size;
        evaluate_sizes(p);
        break;
      }
      case tenon_op_jump:
        p->next = i->target;
        continue;
      case tenon_op_jump_if_zero:
        p->next = tenon_load_integer(operand, i->width) == 0 ? i->target : at + 1;
        continue;
      case tenon_op_jump_unless_equal:
        p->next = tenon_load_integer(operand, i->width) != i->limit ? i->target : at + 1;
        continue;
      case tenon_op_begin_loop:
        p->counters[i->operand] = 0;
        break;
      case tenon_op_count_trip:
        if (++p->counters[i->operand] > i->limit && i->limit >= 0) {
          return fail(p, tenon_run_too_many_trips, at, i->limit);
        }
        break;
      case tenon_op_host:
        if (p->host(p->hostContext, p, i) != 0) return fail(p, tenon_run_host_failed, at, 0);
        if (p->profile) {
          int64_t end = tenon_monotonic_nanoseconds();
          p->profile[thread * p->stepCount + i->step].busy += end - began;
          record_elapsed(p, i->step, began);
        }
        break;
      default: __builtin_trap();
    }
    p->next = at + 1;
  }
}

int32_t tenon_program_run(tenon_program *p, int32_t threads) {
  if (threads > tenon_team_capacity()) threads = tenon_team_capacity();
  if (threads < 1 || tenon_team_is_inside()) threads = 1;
  p->threads = threads;
  p->status = tenon_run_ok;
  p->next = 0;
  p->groupCount = 0;
  evaluate_sizes(p);
  uint64_t saved = tenon_floating_point_enter();
  if (threads == 1) {
    advance(p, 0);
  } else {
    tenon_job job = {.context = p, .advance = advance, .share = share, .chunk = chunk};
    tenon_team_run(threads, &job);
  }
  tenon_floating_point_leave(saved);
  return p->status;
}
