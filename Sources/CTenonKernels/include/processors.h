#pragma once

/// Writes the numbers of the processors that the process may run on, ascending, at most
/// `capacity`. Returns how many; 0 where the system does not say.
int tenon_allowed_processors(int *processors, int capacity);
