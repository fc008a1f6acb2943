/* SPDX-License-Identifier: MIT */
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "microbench_loop.h"
#include "microbench_stats.h"
#include "microbench_word.h"

enum { TURN_NONE = 0, TURN_MINE = 1, TURN_OVER = 2 };

struct seat {
    _Alignas(64) atomic_uint word; /* TURN_...; the other one writes it */
};

struct words {
    struct seat seat[2];
    bool spin;
    int cpu_b;
};

static void seat_give(const struct words *words, struct seat *seat, unsigned turn)
{
    atomic_store_explicit(&seat->word, turn, memory_order_release);
    if (!words->spin)
        syscall(SYS_futex, &seat->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static unsigned seat_take(const struct words *words, struct seat *seat)
{
    unsigned turn;

    while ((turn = atomic_load_explicit(&seat->word, memory_order_acquire)) == TURN_NONE)
        if (!words->spin)
            syscall(SYS_futex, &seat->word, FUTEX_WAIT_PRIVATE, TURN_NONE, NULL, NULL, 0);
    atomic_store_explicit(&seat->word, TURN_NONE, memory_order_relaxed);
    return turn;
}

static void *answer(void *opaque)
{
    struct words *words = opaque;

    mb_pin(words->cpu_b);
    while (seat_take(words, &words->seat[1]) != TURN_OVER)
        seat_give(words, &words->seat[0], TURN_MINE);
    return NULL;
}

int mb_word_round_trip(const struct mb_env *env, int cpu_a, int cpu_b, bool spin, double ms, double *ns)
{
    struct words words = { .spin = spin, .cpu_b = cpu_b };
    struct mb_lap lap;
    pthread_t thread;
    int ret;

    mb_pin(cpu_a);
    ret = -pthread_create(&thread, NULL, answer, &words);
    if (ret)
        return ret;
    mb_lap_begin(&lap, env, ms, spin ? 128 : 16);
    do {
        seat_give(&words, &words.seat[1], TURN_MINE);
        seat_take(&words, &words.seat[0]);
    } while (mb_lap_tick(&lap, 1));
    seat_give(&words, &words.seat[1], TURN_OVER);
    pthread_join(thread, NULL);
    *ns = mb_lap_ns_per_unit(&lap);
    return 0;
}
