#define _GNU_SOURCE
#include "memory_file.h"

#include <sys/mman.h>

int tenon_memory_file_create(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
