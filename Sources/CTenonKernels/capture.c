#define _GNU_SOURCE
#include "capture.h"

#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <string.h>

static _Thread_local uintptr_t stack_low, stack_high;

static void find_stack(void) {
  pthread_attr_t attributes;
  void *low = NULL;
  size_t size = 0;
  // An unknown stack is an empty range: then no frame is followed.
  stack_low = stack_high = 1;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
    stack_low = (uintptr_t)low;
    stack_high = (uintptr_t)low + size;
  }
  pthread_attr_destroy(&attributes);
}

__attribute__((no_sanitize("address"))) TenonReturnAddresses tenon_capture(void) {
  TenonReturnAddresses result = {(uintptr_t)__builtin_return_address(0), {0, 0, 0}};
  uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
  if (__builtin_expect(stack_high == 0, 0)) find_stack();
  if (frame < stack_low) return result;
  for (int i = 0; i < 3; i++) {
    // A frame is the caller's frame pointer followed by the return address.
    uintptr_t next = *(const uintptr_t *)frame;
    if (next <= frame || next % sizeof(void *) != 0) break;
    if (next >= stack_high || stack_high - next < 2 * sizeof(void *)) break;
    result.callers[i] = ((const uintptr_t *)next)[1];
    if (result.callers[i] == 0) break;
    frame = next;
  }
  return result;
}

typedef struct {
  uintptr_t address;
  TenonImage *image;
} ImageSearch;

static void find_build_id(const uint8_t *notes, size_t size, TenonImage *image) {
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) header;
    memcpy(&header, notes, sizeof header);
    size_t name_size = ((size_t)header.n_namesz + 3) & ~(size_t)3;
    size_t content_size = ((size_t)header.n_descsz + 3) & ~(size_t)3;
    size_t rest = size - sizeof header;
    if (name_size > rest || content_size > rest - name_size) return;
    const uint8_t *name = notes + sizeof header;
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
      image->build_id = name + name_size;
      image->build_id_size = header.n_descsz;
      return;
    }
    notes = name + name_size + content_size;
    size = rest - name_size - content_size;
  }
}

static int visit_image(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  ImageSearch *search = context;
  int found = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uintptr_t start = (uintptr_t)info->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_LOAD && search->address - start < segment->p_memsz) found = 1;
  }
  if (!found) return 0;
  TenonImage image = {(uintptr_t)info->dlpi_addr, info->dlpi_name, NULL, 0};
  for (int i = 0; i < info->dlpi_phnum && image.build_id == NULL; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    // Notes aligned to 8 bytes hold properties of the processor, padded otherwise.
    if (segment->p_type != PT_NOTE || segment->p_align > 4) continue;
    find_build_id(
        (const uint8_t *)((uintptr_t)info->dlpi_addr + segment->p_vaddr), segment->p_memsz, &image);
  }
  *search->image = image;
  return 1;
}

int tenon_find_image(uintptr_t address, TenonImage *image) {
  ImageSearch search = {address, image};
  return dl_iterate_phdr(visit_image, &search);
}
