/* SPDX-License-Identifier: MIT */
#include "rates.h"

#include <math.h>

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : NAN;
}

static double at_most_1(double value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

/* On a CPU: what is not known to be asleep. An iothread that made no step, and whose CPU time is not known, is in a long sleep. */
static double cpu_share(const struct counters *before, const struct counters *now, double ns)
{
    if (now->cpu_ns > 0 && now->cpu_ns >= before->cpu_ns)
        return at_most_1((double)(now->cpu_ns - before->cpu_ns) / ns);
    if (now->iterations == before->iterations)
        return 0;
    return at_most_1(1 - (double)(now->sleep_ns - before->sleep_ns) / ns);
}

/*
 * Spinning and sleeping are counted by the clock on the wall, CPU time is not: where threads have to wait for a CPU, both go
 * on while CPU time stands. So the CPU time is divided as the time awake was; if there was no such wait that is the same.
 */
static void divide_time(struct rates *rates, const struct counters *before, const struct counters *now, double ns)
{
    double on_cpu = cpu_share(before, now, ns);
    double spun = (double)(now->spin_ns - before->spin_ns) / ns;
    double awake = fmax(1 - (double)(now->sleep_ns - before->sleep_ns) / ns, on_cpu);

    rates->asleep = 1 - on_cpu;
    rates->spinning = awake > 0 ? on_cpu * at_most_1(spun / awake) : 0;
    rates->callbacks = on_cpu - rates->spinning;
}

struct rates rates_between(const struct counters *before, const struct counters *now)
{
    struct rates rates = { 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN };

    if (!before || now->time_ns <= before->time_ns || now->iterations < before->iterations)
        return rates;
    double ns = (double)(now->time_ns - before->time_ns);
    rates.seconds = ns / 1e9;
    rates.iops = (double)(now->ops - before->ops) / rates.seconds;
    rates.wakeups = (double)(now->notify_wakeups - before->notify_wakeups) / rates.seconds;
    rates.batch = share(now->cqes_reaped - before->cqes_reaped, now->iterations - before->iterations);
    rates.hit = share(now->spins_hit - before->spins_hit, now->spins - before->spins);
    divide_time(&rates, before, now, ns);
    return rates;
}
