/* SPDX-License-Identifier: MIT */
/*
 * The clock of the simulator. Time goes on by some ns with each read, and by leaps while the loop sleeps. What a read tells is
 * that time plus an offset, which the clock's faults change: it stands for a while, leaps forward by days, or goes back.
 */
#ifndef LARIAT_SIM_CLOCK_H
#define LARIAT_SIM_CLOCK_H

#include <stdint.h>

#define SIM_NEVER INT64_MAX

void sim_clock_begin(void);

/* What the loop and its user read. */
int64_t sim_clock_read(void);

/* What a read would tell now, without one. */
int64_t sim_clock_peek(void);

/* How much later that is than what the last read told: a clock that stands falls behind. */
int64_t sim_clock_lag(void);

/* The time itself, by which requests end. */
int64_t sim_time(void);

/* The time at which the clock will show `ns`, if nothing else happens to it; SIM_NEVER stays that. */
int64_t sim_time_of_clock(int64_t ns);

/* Sleep until that time; not back. The clock may leap meanwhile. */
void sim_sleep_until(int64_t time);

/* The least and the most that was read since the last call of sim_clock_mark(). */
void sim_clock_mark(void);
int64_t sim_clock_least(void);
int64_t sim_clock_most(void);

/* Reads since the loop last did anything else that the kernel sees. */
unsigned sim_clock_reads(void);
void sim_clock_forget_reads(void);

#endif
