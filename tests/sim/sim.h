/* SPDX-License-Identifier: MIT */
/*
 * The simulator: a loop runs on a fake kernel and a fake clock (kernel.h), used by a program made of bytes (world.h, choice.h),
 * watched by an oracle (oracle.h). One thread, no real time, no real I/O: the same bytes always give the same run.
 */
#ifndef LARIAT_SIM_H
#define LARIAT_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One whole run. Does not return if it fails. */
void sim_run(const uint8_t *bytes, size_t n);

/* The oracle has something to say: print it and how to replay this run, and end the process. */
void sim_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* A line of the trace, if one is wanted. */
void sim_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern bool sim_tracing;

#define sim_require(condition, ...) \
    do {                            \
        if (!(condition))           \
            sim_fail(__VA_ARGS__);  \
    } while (0)

#endif
