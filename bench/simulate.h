/* SPDX-License-Identifier: MIT */
/* lariat-bench simulate: the library's polling policies against recorded or made-up waits. Needs neither ring nor storage. */
#ifndef BENCH_SIMULATE_H
#define BENCH_SIMULATE_H

/* argv[0] is the subcommand's name. The exit status: 0, 1 (failed), 2 (usage). */
int simulate_main(int argc, char **argv);

#endif
