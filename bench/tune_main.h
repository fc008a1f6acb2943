/* SPDX-License-Identifier: MIT */
#ifndef BENCH_TUNE_MAIN_H
#define BENCH_TUNE_MAIN_H

/* The subcommand tune; argv[0] is its name. Returns the exit status. */
int tune_main(int argc, char **argv);

#endif
