#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Work for the team: phases, one after another, of chunks that run in any order.
typedef struct tenon_job {
  void *context;
  /// Chooses the next phase and returns its number of chunks; 0 ends the job. One thread at a
  /// time calls it, while no chunk is running; it may do work of its own.
  int64_t (*advance)(void *context, int thread);
  /// How many of the phase's chunks (at most 65,533) thread `owner` claims first.
  int64_t (*share)(void *context, int owner);
  /// Runs the chunk of `owner`'s share that is `remaining` from the share's end (1 is the last),
  /// on `thread`.
  void (*chunk)(void *context, int thread, int owner, int64_t remaining);
} tenon_job;

/// Lets the process's team start beside the caller, once; later calls change nothing.
/// `cpus` lists the processors that threads may be placed on; `concurrency` is how many threads
/// may run at once (a quota may make it less than `cpuCount`).
void tenon_team_begin(int capacity, const int *cpus, int cpuCount, int concurrency);

/// The same, and waits until the team has started. Returns the largest number of threads a job may
/// ask for: `capacity`, or less where threads could not be made.
int tenon_team_start(int capacity, const int *cpus, int cpuCount, int concurrency);

/// What `tenon_team_start` returned; 0 before it, 1 in a forked child.
int tenon_team_capacity(void);

/// Runs `job` on `threads` threads, the caller among them, after the jobs submitted before it.
/// Returns when the job has ended. `threads` is at least 2 and at most the team's capacity.
void tenon_team_run(int threads, const tenon_job *job);

/// True on a thread that is running a job: it must not submit another.
bool tenon_team_is_inside(void);

/// Sets round-to-nearest with subnormals kept on the calling thread; returns what was set.
uint64_t tenon_floating_point_enter(void);
void tenon_floating_point_leave(uint64_t saved);
