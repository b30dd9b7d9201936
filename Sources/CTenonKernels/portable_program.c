#include "portable_state.h"

// Straight-line programs over one block.

#define DEPTH 24

static void evaluate_postfix(state *s, const int64_t *code, int64_t *result) {
  int64_t stack[DEPTH][LANES];
  int top = 0;
  int n = s->count;
  for (;;) {
    int64_t op = *code++;
    if (op == tenon_portable_end) break;
    int64_t *a = stack[top > 0 ? top - 1 : 0];
    switch (op) {
    case tenon_portable_push_size: {
      int64_t value = s->sizes[*code++];
      for (int l = 0; l < n; l++) stack[top][l] = value;
      top++;
      break;
    }
    case tenon_portable_push_axis: {
      const axis_index *axis = &s->axes[*code++];
      for (int l = 0; l < n; l++) stack[top][l] = axis->varies ? axis->values[l] : axis->value;
      top++;
      break;
    }
    case tenon_portable_push_register: {
      const lanes *from = &s->registers[*code++];
      for (int l = 0; l < n; l++) stack[top][l] = from->integer[l];
      top++;
      break;
    }
    case tenon_portable_add: {
      top--;
      int64_t *sum = stack[top - 1];
      for (int l = 0; l < n; l++)
        sum[l] = (int64_t)((uint64_t)sum[l] + (uint64_t)stack[top][l]);
      break;
    }
    case tenon_portable_multiply: {
      uint64_t factor = (uint64_t)s->sizes[*code++];
      for (int l = 0; l < n; l++) a[l] = (int64_t)((uint64_t)a[l] * factor);
      break;
    }
    case tenon_portable_floor_divide: {
      int64_t by = s->sizes[*code++];
      if (by <= 0) by = 1;
      for (int l = 0; l < n; l++) a[l] = a[l] / by - (a[l] % by < 0);
      break;
    }
    case tenon_portable_remainder: {
      int64_t by = s->sizes[*code++];
      if (by <= 0) by = 1;
      for (int l = 0; l < n; l++) {
        int64_t rest = a[l] % by;
        a[l] = rest < 0 ? rest + by : rest;
      }
      break;
    }
    }
  }
  for (int l = 0; l < n; l++) result[l] = stack[0][l];
}

void tenon_portable_evaluate(state *s, const int64_t *expression, int64_t *result) {
  if (expression[0] < 0) {
    evaluate_postfix(s, expression + 1, result);
    return;
  }
  const kept_offsets *kept = &s->kept[expression[0]];
  int64_t total = s->sizes[expression[1]];
  for (int64_t term = 0; term < expression[2]; term++) {
    const axis_index *axis = &s->axes[expression[3 + 2 * term]];
    if (!axis->varies) total += axis->value * s->sizes[expression[4 + 2 * term]];
  }
  for (int l = 0; l < s->count; l++) result[l] = total + kept->values[l];
}

void tenon_portable_prepare(state *s, const int64_t *program) {
  int n = s->count;
  for (int64_t number = 0; number < program[1]; number++) {
    const int64_t *expression = s->code + program[3 + number];
    kept_offsets *kept = &s->kept[expression[0]];
    for (int l = 0; l < n; l++) kept->values[l] = 0;
    for (int64_t term = 0; term < expression[2]; term++) {
      const axis_index *axis = &s->axes[expression[3 + 2 * term]];
      int64_t factor = s->sizes[expression[4 + 2 * term]];
      if (axis->varies)
        for (int l = 0; l < n; l++) kept->values[l] += axis->values[l] * factor;
    }
    bool uniform = true, consecutive = true;
    for (int l = 1; l < n; l++) {
      uniform = uniform && kept->values[l] == kept->values[0];
      consecutive = consecutive && kept->values[l] == kept->values[0] + l;
    }
    kept->kind = uniform ? kept_uniform : consecutive ? kept_consecutive : kept_general;
  }
}

/// Which lanes hold all guards; null where there are none.
static const bool *guarded(state *s, int64_t at, bool *room) {
  if (at < 0) return 0;
  const int64_t *guards = s->code + at;
  int n = s->count;
  for (int l = 0; l < n; l++) room[l] = true;
  for (int64_t number = 0; number < guards[0]; number++) {
    const int64_t *guard = guards + 1 + 3 * number;
    int64_t values[LANES];
    tenon_portable_evaluate(s, s->code + guard[1], values);
    if (guard[0] == 0) {
      int64_t bound = s->sizes[guard[2]];
      for (int l = 0; l < n; l++) room[l] = room[l] && values[l] >= 0 && values[l] < bound;
    } else {
      for (int l = 0; l < n; l++) room[l] = room[l] && values[l] % guard[2] == 0;
    }
  }
  return room;
}

static void copy(lanes *to, const lanes *from, int64_t type, int n) {
  if (type == tenon_portable_f64) {
    for (int l = 0; l < n; l++) to->f64[l] = from->f64[l];
  } else if (is_float(type)) {
    for (int l = 0; l < n; l++) to->f32[l] = from->f32[l];
  } else {
    for (int l = 0; l < n; l++) to->integer[l] = from->integer[l];
  }
}

static void fill(lanes *to, double value, int64_t type, int n) {
  if (type == tenon_portable_f64) {
    for (int l = 0; l < n; l++) to->f64[l] = value;
  } else {
    float narrow = tenon_portable_rounded((float)value, type);
    for (int l = 0; l < n; l++) to->f32[l] = narrow;
  }
}

void tenon_portable_run(state *s, const int64_t *program) {
  const int64_t *word = program + 3 + program[1];
  int n = s->count;
  for (int64_t number = 0; number < program[0]; number++, word += TENON_PORTABLE_WORDS) {
    lanes *r = &s->registers[word[1]];
    int64_t type = word[2], function = word[3];
    switch (word[0]) {
    case tenon_portable_float: {
      double value;
      __builtin_memcpy(&value, &word[4], 8);
      fill(r, value, type, n);
      break;
    }
    case tenon_portable_integer:
      for (int l = 0; l < n; l++) r->integer[l] = word[4];
      break;
    case tenon_portable_size:
      for (int l = 0; l < n; l++) r->integer[l] = s->sizes[word[4]];
      break;
    case tenon_portable_index: tenon_portable_evaluate(s, s->code + word[4], r->integer); break;
    case tenon_portable_load: {
      bool room[LANES];
      const bool *holds = guarded(s, word[5], room);
      if (holds) copy(r, &s->registers[word[6]], type, n);
      tenon_portable_load_lanes(
          s, r, s->types[function], s->memory[function], s->code + word[4], holds);
      break;
    }
    case tenon_portable_holds: {
      bool room[LANES];
      guarded(s, word[4], room);
      for (int l = 0; l < n; l++) r->integer[l] = room[l];
      break;
    }
    case tenon_portable_unary:
      tenon_portable_unary_lanes(
          r, function, function == 29 ? word[7] : type, &s->registers[word[4]], n);
      break;
    case tenon_portable_binary:
      tenon_portable_binary_lanes(
          r, function, type, &s->registers[word[4]], &s->registers[word[5]], n);
      break;
    case tenon_portable_compare:
      tenon_portable_compare_lanes(
          r, function, word[7], &s->registers[word[4]], &s->registers[word[5]], n);
      break;
    case tenon_portable_select: {
      const int64_t *chosen = s->registers[word[4]].integer;
      const lanes *a = &s->registers[word[5]], *b = &s->registers[word[6]];
      if (type == tenon_portable_f64) {
        for (int l = 0; l < n; l++) r->f64[l] = chosen[l] ? a->f64[l] : b->f64[l];
      } else if (is_float(type)) {
        for (int l = 0; l < n; l++) r->f32[l] = chosen[l] ? a->f32[l] : b->f32[l];
      } else {
        for (int l = 0; l < n; l++) r->integer[l] = chosen[l] ? a->integer[l] : b->integer[l];
      }
      break;
    }
    case tenon_portable_convert:
      tenon_portable_convert_lanes(r, type, word[7], &s->registers[word[4]], n);
      break;
    case tenon_portable_bitcast:
      tenon_portable_bitcast_lanes(r, type, word[7], &s->registers[word[4]], n);
      break;
    case tenon_portable_reduced: copy(r, &s->combined[function], type, n); break;
    case tenon_portable_parameter: copy(r, &s->parameters[function], type, n); break;
    }
  }
}
