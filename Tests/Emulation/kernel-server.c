// Calls kernels of shared objects for another process: reads calls from standard input and writes
// what the kernels leave to standard output, until the input ends. Every number is 8 bytes.
//
//   call:   path, symbol (each a length and as many bytes), memories (a count, then for each its
//           length, 1 where it is sent back, and its bytes), buffers (a count, then for each its
//           memory), sizes (a count and the numbers), the memory that is scratch, pieces of the
//           tiles (a count, then for each its first and end)
//   answer: 0, then the bytes of each memory that is sent back; or the length of a message and it
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void kernel(void *const *, const int64_t *, void *, int64_t, int64_t);

static void get(void *bytes, size_t count) {
  if (count > 0 && fread(bytes, 1, count, stdin) != count) exit(0);
}

static int64_t number(void) {
  int64_t value;
  get(&value, sizeof value);
  return value;
}

static char *text(void) {
  int64_t count = number();
  char *bytes = calloc(count + 1, 1);
  get(bytes, count);
  return bytes;
}

static void answer(int64_t value) { fwrite(&value, sizeof value, 1, stdout); }

static void refuse(const char *message) {
  answer(strlen(message));
  fputs(message, stdout);
}

int main(void) {
  enum { slack = 256 };
  for (;;) {
    char *path = text(), *symbol = text();
    int64_t memories = number();
    char **memory = calloc(memories + 1, sizeof *memory);
    int64_t *length = calloc(memories + 1, sizeof *length);
    int64_t *is_returned = calloc(memories + 1, sizeof *is_returned);
    for (int64_t i = 0; i < memories; i++) {
      length[i] = number();
      is_returned[i] = number();
      memory[i] = aligned_alloc(64, (length[i] + slack + 63) / 64 * 64);
      memset(memory[i] + length[i], 0, slack);
      get(memory[i], length[i]);
    }
    int64_t buffers = number();
    void **pointers = calloc(buffers + 1, sizeof *pointers);
    for (int64_t i = 0; i < buffers; i++) pointers[i] = memory[number()];
    int64_t count = number();
    int64_t *sizes = calloc(count + 1, sizeof *sizes);
    for (int64_t i = 0; i < count; i++) sizes[i] = number();
    void *scratch = memory[number()];
    int64_t pieces = number();
    int64_t *bounds = calloc(2 * pieces + 1, sizeof *bounds);
    for (int64_t i = 0; i < 2 * pieces; i++) bounds[i] = number();

    // Objects stay loaded: the next call is likely to one of them.
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    kernel *function = object ? (kernel *)dlsym(object, symbol) : NULL;
    if (function) {
      for (int64_t i = 0; i < pieces; i++)
        function(pointers, sizes, scratch, bounds[2 * i], bounds[2 * i + 1]);
      answer(0);
      for (int64_t i = 0; i < memories; i++)
        if (is_returned[i]) fwrite(memory[i], 1, length[i], stdout);
    } else {
      refuse(dlerror());
    }
    fflush(stdout);
    for (int64_t i = 0; i < memories; i++) free(memory[i]);
    free(path), free(symbol), free(memory), free(length), free(is_returned), free(pointers);
    free(sizes), free(bounds);
  }
}
