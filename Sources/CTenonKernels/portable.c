#include "portable_state.h"

// Groups of stages: which elements a tile is, and how a stage goes over them.

/// The words of a stage; see `PortableWriter`.
typedef struct {
  int64_t parallel, reduced, row_axes;
  const int64_t *axis_sizes;
  int64_t result_count;
  /// By result: register, type, 1 for a temporary, buffer or byte offset.
  const int64_t *results;
  const int64_t *constants, *main;
  /// Null without a reduction.
  const int64_t *reduction;
} stage;

/// The words of a reduction.
enum {
  value_count,
  combiner,
  initial_program,
  body_program,
  combiner_program,
  /// By value: type, register of the value, register where combination starts, register of the
  /// combiner's result.
  value_words,
};

/// The words of a matrix product that takes the place of a reduction: a tile is `rows` of its rows.
enum {
  product_type,
  product_rows,
  m_size,
  n_size,
  k_size,
  a_operand,
  a_strides,
  b_operand = a_strides + 2,
  b_strides,
  batch_count = b_strides + 2,
  /// By batch axis: its size, the stride in a, the stride in b.
  batch_words,
};

/// The elements of a stage that are computed together.
typedef struct {
  int64_t row;
  int64_t first;
  int count;
} block;

static int64_t product(const state *s, const int64_t *axes, int64_t count) {
  int64_t total = 1;
  for (int64_t axis = 0; axis < count; axis++) total *= s->sizes[axes[axis]];
  return total;
}

/// Sets axes `from ..< to` to the indices of consecutive elements of the domain that they span.
static void set_lanes(
    state *s, const stage *g, int64_t from, int64_t to, int64_t first, int count) {
  int64_t rest = first;
  for (int64_t axis = to - 1; axis >= from; axis--) {
    int64_t size = s->sizes[g->axis_sizes[axis]];
    int64_t *values = (int64_t *)s->axes[axis].values;
    s->axes[axis].varies = true;
    values[0] = size > 0 ? rest % size : 0;
    rest = size > 0 ? rest / size : 0;
  }
  for (int l = 1; l < count; l++) {
    bool carry = true;
    for (int64_t axis = to - 1; axis >= from; axis--) {
      int64_t *values = (int64_t *)s->axes[axis].values;
      values[l] = values[l - 1] + carry;
      carry = carry && values[l] == s->sizes[g->axis_sizes[axis]];
      if (carry) values[l] = 0;
    }
  }
}

/// Sets axes `from ..< to` to one index of the domain that they span, the same for all lanes.
static void set_uniform(state *s, const stage *g, int64_t from, int64_t to, int64_t index) {
  for (int64_t axis = to - 1; axis >= from; axis--) {
    int64_t size = s->sizes[g->axis_sizes[axis]];
    s->axes[axis].varies = false;
    s->axes[axis].value = size > 0 ? index % size : 0;
    index = size > 0 ? index / size : 0;
  }
}

static double combined_value(double a, double b, int64_t kind) {
  switch (kind) {
  case tenon_portable_sum: return a + b;
  case tenon_portable_product: return a * b;
  default: {
    lanes x, y, r;
    x.f64[0] = a;
    y.f64[0] = b;
    tenon_portable_binary_lanes(
        &r, kind == tenon_portable_maximum ? 5 : 6, tenon_portable_f64, &x, &y, 1);
    return r.f64[0];
  }
  }
}

static const int64_t integer_functions[] = {0, 2, 5, 6, 9, 10};

/// Combines lanes `first ..< first + count` of what follows into as many lanes of what came so
/// far; floats are combined as double until the end.
static void combine_lanes(
    lanes *sofar, const lanes *next, int64_t kind, int64_t type, int count) {
  if (!is_float(type)) {
    lanes r;
    tenon_portable_binary_lanes(&r, integer_functions[kind], type, sofar, next, count);
    for (int l = 0; l < count; l++) sofar->integer[l] = r.integer[l];
  } else if (kind == tenon_portable_sum) {
    if (type == tenon_portable_f64)
      for (int l = 0; l < count; l++) sofar->f64[l] += next->f64[l];
    else
      for (int l = 0; l < count; l++) sofar->f64[l] += (double)next->f32[l];
  } else {
    for (int l = 0; l < count; l++) {
      double value = type == tenon_portable_f64 ? next->f64[l] : (double)next->f32[l];
      sofar->f64[l] = combined_value(sofar->f64[l], value, kind);
    }
  }
}

/// Combines all lanes of what follows, in order, into lane `at` of what came so far.
static void combine_across(
    lanes *sofar, int at, const lanes *next, int64_t kind, int64_t type, int count) {
  for (int l = 0; l < count; l++) {
    if (is_float(type)) {
      double value = type == tenon_portable_f64 ? next->f64[l] : (double)next->f32[l];
      sofar->f64[at] = combined_value(sofar->f64[at], value, kind);
    } else {
      lanes a, b, r;
      a.integer[0] = sofar->integer[at];
      b.integer[0] = next->integer[l];
      tenon_portable_binary_lanes(&r, integer_functions[kind], type, &a, &b, 1);
      sofar->integer[at] = r.integer[0];
    }
  }
}

static void widen(lanes *r, int64_t type) {
  if (type == tenon_portable_f64 || !is_float(type)) return;
  lanes a = *r;
  for (int l = 0; l < LANES; l++) r->f64[l] = (double)a.f32[l];
}

static void narrow(lanes *r, int64_t type) {
  if (type == tenon_portable_f64 || !is_float(type)) return;
  lanes a = *r;
  for (int l = 0; l < LANES; l++) r->f32[l] = tenon_portable_rounded((float)a.f64[l], type);
}

/// One combination by a program, over the lanes.
static void combine_by_program(state *s, const int64_t *reduction) {
  int64_t count = reduction[value_count];
  for (int64_t k = 0; k < count; k++) {
    s->parameters[k] = s->combined[k];
    s->parameters[count + k] = s->registers[reduction[value_words + 4 * k + 1]];
  }
  const int64_t *program = s->code + reduction[combiner_program];
  tenon_portable_prepare(s, program);
  tenon_portable_run(s, program);
  for (int64_t k = 0; k < count; k++)
    s->combined[k] = s->registers[reduction[value_words + 4 * k + 3]];
}

/// Combines the values of the block's elements into `combined`.
static void reduce(state *s, const stage *g, const block *b, int64_t row_axes) {
  const int64_t *reduction = g->reduction;
  int64_t kind = reduction[combiner], count = reduction[value_count];
  int64_t domain = product(s, g->axis_sizes + g->parallel, g->reduced);
  const int64_t *body = s->code + reduction[body_program];
  const int64_t *initial = s->code + reduction[initial_program];
  int64_t axes = g->parallel + g->reduced;
  set_uniform(s, g, g->parallel, axes, 0);
  tenon_portable_prepare(s, initial);
  tenon_portable_run(s, initial);
  for (int64_t k = 0; k < count; k++) {
    s->combined[k] = s->registers[reduction[value_words + 4 * k + 2]];
    if (kind != tenon_portable_program)
      widen(&s->combined[k], reduction[value_words + 4 * k]);
  }
  if (kind != tenon_portable_program && b->count < 16 && domain > b->count) {
    // Few results of many elements each: the lanes go along the elements.
    int parallel = b->count;
    for (int l = 0; l < parallel; l++) {
      set_uniform(s, g, row_axes, g->parallel, b->first + l);
      for (int64_t first = 0; first < domain; first += LANES) {
        s->count = domain - first < LANES ? (int)(domain - first) : LANES;
        set_lanes(s, g, g->parallel, axes, first, s->count);
        tenon_portable_prepare(s, body);
        tenon_portable_run(s, body);
        for (int64_t k = 0; k < count; k++)
          combine_across(
              &s->combined[k], l, &s->registers[reduction[value_words + 4 * k + 1]], kind,
              reduction[value_words + 4 * k], s->count);
      }
    }
    s->count = parallel;
    set_lanes(s, g, row_axes, g->parallel, b->first, parallel);
  } else {
    tenon_portable_prepare(s, body);
    for (int64_t index = 0; index < domain; index++) {
      set_uniform(s, g, g->parallel, axes, index);
      tenon_portable_run(s, body);
      if (kind == tenon_portable_program) {
        combine_by_program(s, reduction);
        tenon_portable_prepare(s, body);
        continue;
      }
      for (int64_t k = 0; k < count; k++)
        combine_lanes(
            &s->combined[k], &s->registers[reduction[value_words + 4 * k + 1]], kind,
            reduction[value_words + 4 * k], s->count);
    }
  }
  if (kind != tenon_portable_program)
    for (int64_t k = 0; k < count; k++) narrow(&s->combined[k], reduction[value_words + 4 * k]);
}

/// Computes the rows of a tile into `c` and returns the tile's first and last element.
static void multiply(
    state *s, const int64_t *words, int64_t tile, void *c, int64_t *from, int64_t *to) {
  int64_t m = s->sizes[words[m_size]], n = s->sizes[words[n_size]], k = s->sizes[words[k_size]];
  int64_t rows = words[product_rows], tiles = (m + rows - 1) / rows;
  int64_t batch = tile / tiles, row = tile % tiles * rows;
  int64_t am = s->sizes[words[a_strides]], ak = s->sizes[words[a_strides + 1]];
  int64_t bk = s->sizes[words[b_strides]], bn = s->sizes[words[b_strides + 1]];
  int64_t a = row * am, b = 0, index = batch;
  for (int64_t axis = words[batch_count] - 1; axis >= 0; axis--) {
    const int64_t *word = words + batch_words + 3 * axis;
    int64_t size = s->sizes[word[0]];
    a += index % size * s->sizes[word[1]];
    b += index % size * s->sizes[word[2]];
    index /= size;
  }
  int64_t width = words[product_type] == tenon_portable_f32 ? 4 : 8;
  int64_t count = m - row < rows ? m - row : rows;
  tenon_portable_multiply_matrices(
      words[product_type], count, n, k, (char *)s->memory[words[a_operand]] + a * width, am, ak,
      (char *)s->memory[words[b_operand]] + b * width, bk, bn, c);
  *from = (batch * m + row) * n;
  *to = *from + count * n;
}

static void take_product(state *s, const int64_t *words, const void *c, int64_t first) {
  if (words[product_type] == tenon_portable_f32)
    for (int l = 0; l < s->count; l++) s->combined->f32[l] = ((const float *)c)[first + l];
  else
    for (int l = 0; l < s->count; l++) s->combined->f64[l] = ((const double *)c)[first + l];
}

static void compute(
    state *s, const stage *g, const block *b, int64_t row_axes, int64_t inner,
    void *const *buffers, char *temporaries, const int64_t *words, int64_t start) {
  s->count = b->count;
  set_uniform(s, g, 0, row_axes, b->row);
  set_lanes(s, g, row_axes, g->parallel, b->first, b->count);
  if (words) take_product(s, words, temporaries, b->first - start);
  else if (g->reduction) reduce(s, g, b, row_axes);
  tenon_portable_prepare(s, g->main);
  tenon_portable_run(s, g->main);
  for (int64_t number = 0; number < g->result_count; number++) {
    const int64_t *result = g->results + 4 * number;
    bool is_kept = result[2] == 1;
    void *memory = is_kept ? (void *)(temporaries + result[3]) : buffers[result[3]];
    int64_t first = is_kept ? b->first : b->row * inner + b->first;
    tenon_portable_store_lanes(&s->registers[result[0]], result[1], memory, first, b->count);
  }
}

static stage read_stage(state *s, const int64_t *code, int64_t at, void *const *buffers,
                        char *temporaries, void **memory, int64_t *types) {
  const int64_t *word = code + at;
  stage g;
  g.parallel = *word++;
  g.reduced = *word++;
  g.axis_sizes = word;
  word += g.parallel + g.reduced;
  int64_t operands = *word++;
  for (int64_t number = 0; number < operands; number++, word += 3) {
    memory[number] = word[0] == 1 ? (void *)(temporaries + word[1]) : buffers[word[1]];
    types[number] = word[2];
  }
  g.result_count = *word++;
  g.results = word;
  word += 4 * g.result_count;
  g.constants = code + word[0];
  g.main = code + word[1];
  g.reduction = word[2] ? code + word[2] : 0;
  s->memory = memory;
  s->types = types;
  return g;
}

void tenon_portable_kernel(
    void *const *buffers, const int64_t *sizes, void *scratch, int64_t first, int64_t end) {
  const int64_t *code = buffers[0];
  const int64_t *words = code[10] ? code + code[10] : 0;
  int64_t stages = code[1], is_by_row = code[2], row_axes = code[3], unit = code[4];
  state s = {.code = code, .sizes = sizes};
  char *at = scratch;
  s.registers = (lanes *)at;
  at += code[5] * (int64_t)sizeof(lanes);
  s.combined = (lanes *)at;
  at += code[6] * (int64_t)sizeof(lanes);
  s.parameters = (lanes *)at;
  at += 2 * code[6] * (int64_t)sizeof(lanes);
  int64_t *values = (int64_t *)at;
  at += code[7] * LANES * 8;
  s.kept = (kept_offsets *)at;
  at += code[8] * (int64_t)sizeof(kept_offsets);
  s.axes = (axis_index *)at;
  at += (code[7] * (int64_t)sizeof(axis_index) + 63) & ~(int64_t)63;
  void **memory = (void **)at;
  at += (code[9] * 8 + 63) & ~(int64_t)63;
  int64_t *types = (int64_t *)at;
  at += (code[9] * 8 + 63) & ~(int64_t)63;
  char *temporaries = at;
  for (int64_t axis = 0; axis < code[7]; axis++)
    s.axes[axis] = (axis_index){.values = values + axis * LANES};
  for (int64_t tile = first; tile < end; tile++) {
    int64_t rows = 1, row = 0;
    if (is_by_row) {
      stage g = read_stage(&s, code, code[11], buffers, temporaries, memory, types);
      rows = product(&s, g.axis_sizes, row_axes);
      row = tile * unit;
      rows = rows < row + unit ? rows : row + unit;
    }
    for (; row < rows; row++) {
      for (int64_t number = 0; number < stages; number++) {
        stage g = read_stage(&s, code, code[11 + number], buffers, temporaries, memory, types);
        s.count = LANES;
        tenon_portable_run(&s, g.constants);
        int64_t inner = product(&s, g.axis_sizes + row_axes, g.parallel - row_axes);
        int64_t from = is_by_row ? 0 : tile * unit;
        int64_t to = is_by_row || inner < from + unit ? inner : from + unit;
        if (words) multiply(&s, words, tile, temporaries, &from, &to);
        for (int64_t place = from; place < to; place += LANES) {
          block b = {row, place, to - place < LANES ? (int)(to - place) : LANES};
          compute(&s, &g, &b, row_axes, inner, buffers, temporaries, words, from);
        }
      }
    }
  }
}
