#pragma once
#include <stddef.h>
#include <stdint.h>

/// Guards the pages of a mapped file: one that the file no longer has reads as zeros, where the
/// system would end the process (SIGBUS), and the mapping counts as damaged from then on.
///
/// Returns a number for the mapping, or -1 where there are too many; those are not guarded.
int32_t tenon_file_mapping_guard(const void *base, size_t byteCount);

/// Ends the guard, before the mapping itself ends.
void tenon_file_mapping_release(int32_t mapping);

/// Whether a page of the mapping was read that the file no longer has.
int tenon_file_mapping_is_damaged(int32_t mapping);

/// How many pages were missing so far, of all mappings: 0 in a process that nobody disturbs.
uint64_t tenon_file_mapping_missing_pages(void);
