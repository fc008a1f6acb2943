/* SPDX-License-Identifier: MIT */
/* exec_prerun, exec_postrun. For the main thread. */
#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

/*
 * Have the shell run it, and wait. 0; -ECHILD: it failed, or could not be run (told); -EINTR: it was ended since we were interrupted
 * while it ran. What we ignore or block is as usual for it.
 */
int command_run(const char *job, const char *command);

#endif
