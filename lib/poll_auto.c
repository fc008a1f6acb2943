/* SPDX-License-Identifier: MIT */
/*
 * What a window costs: the ns spun, and the penalty of a sleep for each wait that outlasts it. Of a wait that was given up one
 * only knows that it was longer than the spin (what it looks like afterwards includes the wake-up), so its length is censored,
 * and the share of waits longer than t is estimated as Kaplan and Meier do, bucket by bucket: of the waits that were still
 * being spun for at the beginning of a bucket, the share that ended in it. Counts decay, so that what is learnt is recent.
 *
 * A closed window learns nothing, so a probe now and then spins further. And whatever the waits do, a debt bounds the damage:
 * when this has cost too much more than always spinning up to the break-even would have, that is what it does until the debt is
 * paid off; which never costs more than twice the best.
 */
#include "poll_auto.h"

#include <string.h>

#include "poll.h"

#define CAUGHT 0 /* of counts: waits that a spin saw end, by length */
#define MISSED 1 /* waits given up, by the first bucket not spun through */
#define FIRST_BITS 8 /* the first bucket ends at 2^8 ns */
#define LAST_BITS 24 /* the last one begins at 2^24 ns */
#define SUB_BITS 2
#define BREAK_EVEN_MAX_NS (INT64_C(1) << 30)
#define ONE_WAIT 256
#define EPOCH 32 /* waits between two choices */
#define DECAY_SHIFT 4
#define SHARE_ONE (UINT64_C(1) << 20)
#define PROBE_GAP_MIN 32
#define PROBE_GAP_STEP 4
#define PROBE_GAP_MAX 128
#define DEBT_UNIT 48 /* of a ns, so that a 48th more than the safe window's cost is a whole number */
#define DEBT_MAX 4   /* times the break-even */
#define DEBT_PAID 2
#define DEBT_LIMIT (INT64_C(1) << 56)

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- buckets ---- */

static unsigned bucket_of(int64_t ns)
{
    unsigned bits;

    if (ns < 1 << FIRST_BITS)
        return 0;
    if (ns >= 1 << LAST_BITS)
        return POLL_AUTO_BUCKETS - 1;
    bits = 63 - (unsigned)__builtin_clzll((unsigned long long)ns);
    return 1 + ((bits - FIRST_BITS) << SUB_BITS) + ((unsigned)(ns >> (bits - SUB_BITS)) & ((1u << SUB_BITS) - 1));
}

static int64_t bucket_begin(unsigned bucket)
{
    unsigned n = bucket - 1;

    if (!bucket)
        return 0;
    return (int64_t)((1u << SUB_BITS) + (n & ((1u << SUB_BITS) - 1))) << ((n >> SUB_BITS) + FIRST_BITS - SUB_BITS);
}

static int64_t bucket_end(unsigned bucket)
{
    return bucket_begin(bucket + 1);
}

/* ---- choosing ---- */

/* The window of least expected cost: 0, or the end of a bucket. While all is caught, a wider one is free and welcome. */
static int64_t choose(const struct poll_auto *a)
{
    uint64_t risk = a->total, left = SHARE_ONE, spun = 0;
    uint64_t best_cost = left * (uint64_t)a->break_even_ns;
    int64_t best_ns = 0;
    bool all_caught = false;

    for (unsigned k = 0; k <= a->last; k++) {
        uint64_t share, cost;
        int64_t end_ns;

        risk -= a->counts[MISSED][k];
        if (!a->counts[CAUGHT][k])
            continue;
        end_ns = least(bucket_end(k), a->max_ns);
        share = left * a->counts[CAUGHT][k] / risk;
        spun += share * (uint64_t)((bucket_begin(k) + end_ns) / 2);
        left -= share;
        cost = spun + left * (uint64_t)(end_ns + a->break_even_ns);
        if (cost < best_cost) {
            best_cost = cost;
            best_ns = end_ns;
            all_caught = !left;
        }
        risk -= a->counts[CAUGHT][k];
    }
    return all_caught ? most(best_ns, a->safe_ns) : best_ns;
}

/* What is left of n, and its sum; a constant number, in steps that compilers take several of at once. */
static uint32_t decayed(uint32_t counts[POLL_AUTO_COUNTS])
{
    uint32_t sum = 0;

    for (unsigned k = 0; k < POLL_AUTO_COUNTS; k++) {
        counts[k] -= (counts[k] + (1 << DECAY_SHIFT) - 1) >> DECAY_SHIFT;
        sum += counts[k];
    }
    return sum;
}

static void decay(struct poll_auto *a)
{
    a->total = decayed(a->counts[CAUGHT]) + decayed(a->counts[MISSED]);
}

/* Further than the window, and past what is worth spinning for: else waits just above the break-even would never be seen. */
static void aim_probes(struct poll_auto *a)
{
    a->reach_ns = least(most(bucket_end(bucket_of(a->safe_ns)), 2 * a->chosen_ns), a->max_ns);
}

/* ---- learning ---- */

/* With few branches: which way a wait ends is what nobody can predict. */
static void record(struct poll_auto *a, const struct poll_wait *wait, int64_t spun_ns)
{
    unsigned bucket = bucket_of(wait->slept ? spun_ns : wait->waited_ns);
    unsigned most_bucket = a->last + (wait->slept && spun_ns >= a->max_ns);
    bool beyond = bucket > most_bucket || spun_ns >= a->max_ns;

    a->total += ONE_WAIT;
    a->counts[wait->slept][beyond ? most_bucket : bucket] += ONE_WAIT;
}

/* A catch beyond the window makes probes frequent; one that was worth its while is followed by another at once. */
static void learn_from_probe(struct poll_auto *a, const struct poll_wait *wait)
{
    if (wait->slept) {
        a->probe_gap = a->probe_gap < PROBE_GAP_MAX ? a->probe_gap + PROBE_GAP_STEP : PROBE_GAP_MAX;
        a->probe_in = a->probe_gap;
    } else if (wait->waited_ns > a->chosen_ns) {
        a->probe_gap = PROBE_GAP_MIN;
        a->probe_in = wait->waited_ns <= a->break_even_ns ? 1 : a->probe_gap;
    } else {
        a->probe_in = a->probe_gap;
    }
}

/* What was paid, above what the safe window would have and a 48th of it. Bounded below: thrift long ago excuses nothing now. */
static void owe(struct poll_auto *a, const struct poll_wait *wait, int64_t spun_ns)
{
    int64_t ns = wait->slept ? most(spun_ns + 1, wait->waited_ns - a->wake_ns) : spun_ns;
    int64_t paid_ns = spun_ns + (wait->slept ? a->break_even_ns : 0);
    int64_t safe_ns = ns <= a->safe_ns ? ns : a->safe_ns + a->break_even_ns;

    a->debt += DEBT_UNIT * paid_ns - (DEBT_UNIT + 1) * safe_ns;
    a->debt = least(most(a->debt, -DEBT_UNIT * DEBT_MAX * a->break_even_ns), DEBT_LIMIT);
    if (a->debt > DEBT_UNIT * DEBT_MAX * a->break_even_ns)
        a->safe = true;
    else if (a->debt <= DEBT_UNIT * DEBT_PAID * a->break_even_ns)
        a->safe = false;
}

static int64_t next_window(struct poll_auto *a)
{
    a->probing = false;
    if (a->safe)
        return a->safe_ns;
    if (a->chosen_ns < a->reach_ns && --a->probe_in == 0)
        a->probing = true;
    return a->probing ? a->reach_ns : a->chosen_ns;
}

int64_t poll_auto_observe(struct poll_auto *a, const struct poll_wait *wait)
{
    /* A real spin overshoots; nor does it end before it began, whatever the clock says. */
    int64_t spun_ns = most(0, least(wait->spun_ns, wait->window_ns));

    if (!a->max_ns)
        return 0;
    record(a, wait, spun_ns);
    owe(a, wait, spun_ns);
    if (a->probing)
        learn_from_probe(a, wait);
    if (++a->n_waits == EPOCH) {
        a->n_waits = 0;
        a->knows = true;
        a->chosen_ns = choose(a);
        aim_probes(a);
        decay(a);
    }
    return next_window(a);
}

/* ---- parameters ---- */

void poll_auto_set_costs(struct poll_auto *a, const struct poll_costs *costs)
{
    int64_t penalty_ns = most(1, least(costs->penalty_ns, BREAK_EVEN_MAX_NS));

    a->break_even_ns = a->price ? most(1, least(penalty_ns * 100 / a->price, BREAK_EVEN_MAX_NS)) : BREAK_EVEN_MAX_NS;
    a->wake_ns = most(0, costs->wake_ns);
    a->safe_ns = least(a->break_even_ns, a->max_ns);
    if (!a->knows)
        a->chosen_ns = a->safe_ns;
    aim_probes(a);
}

int64_t poll_auto_reset(struct poll_auto *a, int64_t max_ns, int64_t price, const struct poll_costs *costs)
{
    memset(a, 0, sizeof(*a));
    a->max_ns = least(max_ns, 1 << LAST_BITS);
    a->price = price;
    a->last = max_ns ? bucket_of(a->max_ns - 1) : 0;
    a->probe_gap = a->probe_in = PROBE_GAP_MIN;
    poll_auto_set_costs(a, costs);
    return a->chosen_ns;
}
