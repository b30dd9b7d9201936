#pragma once

/// Creates an empty file that lies in memory only. Returns its descriptor, or -1 with `errno` set.
int tenon_memory_file_create(const char *name);
