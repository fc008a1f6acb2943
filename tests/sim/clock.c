/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <stdbool.h>
#include <string.h>

#include "choice.h"
#include "sim.h"

#define BEGIN_NS INT64_C(1000000000000)
#define END_OF_DAYS_NS (INT64_C(1) << 61) /* nobody waits until then */
#define READ_NS 20
#define FAULT_ONE_IN 32 /* reads, before the faults' own rate */
#define STILL_READS_MOST 4000
#define LEAP_BITS_MOST 50 /* thirteen days */
#define BACK_BITS_MOST 42 /* an hour */

static struct {
    int64_t time, offset;
    int64_t shown; /* last */
    int64_t least, most;
    unsigned n_still; /* reads that will show the same */
    unsigned n_reads;
} clk;

void sim_clock_begin(void)
{
    memset(&clk, 0, sizeof(clk));
    clk.time = clk.shown = BEGIN_NS;
    sim_clock_mark();
}

void sim_clock_mark(void)
{
    clk.least = clk.most = clk.shown;
}

/* A random number of ns, of any magnitude. */
static int64_t some_ns(uint32_t bits_most)
{
    uint32_t bits = 1 + choice_random(bits_most);
    uint64_t ns = ((uint64_t)choice_random(UINT32_MAX) << 32 | choice_random(UINT32_MAX)) & ((UINT64_C(1) << bits) - 1);

    return (int64_t)ns;
}

static void change_clock(void)
{
    if (choice_fault(FAULT_CLOCK_STILL)) {
        clk.n_still = choice_random(4) ? choice_random(STILL_READS_MOST) : UINT32_MAX; /* the last: until it sleeps */
        sim_trace("clock: stands for %u reads", clk.n_still);
    }
    if (choice_fault(FAULT_CLOCK_LEAP)) {
        clk.offset += some_ns(LEAP_BITS_MOST);
        sim_trace("clock: leaps to %lld", (long long)(clk.time + clk.offset));
    }
    if (choice_fault(FAULT_CLOCK_BACK)) {
        int64_t back = some_ns(BACK_BITS_MOST);

        clk.offset -= back < clk.time + clk.offset ? back : 0;
        sim_trace("clock: goes back to %lld", (long long)(clk.time + clk.offset));
    }
}

int64_t sim_clock_read(void)
{
    clk.time += READ_NS;
    clk.n_reads++;
    if (!choice_faults_over() && choice_random(FAULT_ONE_IN) == 0)
        change_clock();
    if (clk.n_still)
        clk.n_still--;
    else
        clk.shown = clk.time + clk.offset;
    clk.least = clk.shown < clk.least ? clk.shown : clk.least;
    clk.most = clk.shown > clk.most ? clk.shown : clk.most;
    return clk.shown;
}

int64_t sim_clock_peek(void)
{
    return clk.time + clk.offset;
}

int64_t sim_clock_lag(void)
{
    return sim_clock_peek() > clk.shown ? sim_clock_peek() - clk.shown : 0;
}

int64_t sim_time(void)
{
    return clk.time;
}

int64_t sim_time_of_clock(int64_t ns)
{
    int64_t time;

    if (ns == SIM_NEVER || __builtin_sub_overflow(ns, clk.offset, &time))
        return SIM_NEVER;
    return time < END_OF_DAYS_NS ? time : SIM_NEVER;
}

void sim_sleep_until(int64_t time)
{
    if (time > clk.time)
        clk.time = time;
    clk.n_still = 0;
    if (!choice_faults_over() && choice_random(FAULT_ONE_IN) == 0)
        change_clock();
}

int64_t sim_clock_least(void)
{
    return clk.least;
}

int64_t sim_clock_most(void)
{
    return clk.most;
}

unsigned sim_clock_reads(void)
{
    return clk.n_reads;
}

void sim_clock_forget_reads(void)
{
    clk.n_reads = 0;
}
