#pragma once
#include <stdbool.h>

/// Writes the numbers of the processors that the process may run on, ascending, at most
/// `capacity`. Returns how many; 0 where the system does not say.
int tenon_allowed_processors(int *processors, int capacity);

/// Asks the system to let the process's threads use tile registers (AMX); false where it does not.
bool tenon_tiles_permit(void);
