/* SPDX-License-Identifier: MIT */
/* Queues in shared memory whose producer notifies the loop only if it was told to: no item is lost, none comes twice. */
#include <poll.h>
#include <sched.h>

#include <lariat/poller.h>

#include "cpu.h"
#include "poller.h"
#include "support.h"

enum { N_QUEUES = 3, N_SLOTS = 64 };

enum kind { SLEEPING, SPINNING, BY_AUTO, OUTSIDE, N_KINDS };

struct queue {
    struct lariat_poller *poller;
    int slots[N_SLOTS];
    atomic_uint head; /* written by the producer */
    atomic_uint tail; /* written by the consumer */
    atomic_bool notify;
    int taken;
    int wrong;
};

struct traffic {
    struct lariat_loop *loop;
    struct queue queues[N_QUEUES];
    int n; /* items per queue */
};

static bool has_items(void *opaque)
{
    struct queue *queue = opaque;
    return atomic_load_explicit(&queue->head, memory_order_acquire) !=
           atomic_load_explicit(&queue->tail, memory_order_relaxed);
}

/* One by one, so that the other queues see as many iterations as there are items in this one. */
static void take_item(void *opaque)
{
    struct queue *queue = opaque;
    const unsigned tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    queue->wrong += queue->slots[tail % N_SLOTS] != queue->taken;
    queue->taken++;
    atomic_store_explicit(&queue->tail, tail + 1, memory_order_release);
}

static void want_notifications(void *opaque)
{
    atomic_store_explicit(&((struct queue *)opaque)->notify, true, memory_order_relaxed);
}

static void want_none(void *opaque)
{
    atomic_store_explicit(&((struct queue *)opaque)->notify, false, memory_order_relaxed);
}

static void put_item(struct traffic *traffic, struct queue *queue, int item)
{
    const unsigned head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    while (head - atomic_load_explicit(&queue->tail, memory_order_acquire) == N_SLOTS) {
        sched_yield();
    }
    queue->slots[head % N_SLOTS] = item;
    atomic_store_explicit(&queue->head, head + 1, memory_order_release);
    cpu_full_barrier(); /* pairs with that of the loop, see poller.h */
    if (atomic_load_explicit(&queue->notify, memory_order_relaxed)) {
        lariat_loop_notify(traffic->loop);
    }
}

/* Now and then only when the loop has taken all, and is going to sleep or has just done so. */
static void pause_now_and_then(struct queue *queue, uint64_t *random)
{
    if (test_random(random) % 4)
        return;
    while (has_items(queue))
        sched_yield();
    for (uint64_t n = test_random(random) % 256; n; n--)
        cpu_relax();
}

/* One queue after the other, each for so long that the others are put aside. */
static void *produce(void *opaque)
{
    struct traffic *traffic = opaque;
    uint64_t random = test_seed();
    for (int i = 0; i < N_QUEUES * traffic->n; i++) {
        struct queue *queue = &traffic->queues[i / traffic->n];
        pause_now_and_then(queue, &random);
        put_item(traffic, queue, i % traffic->n);
    }
    return NULL;
}

static void wait_outside(struct lariat_loop *loop)
{
    struct pollfd pollfd = { .fd = lariat_loop_fd(loop), .events = POLLIN };
    int64_t timeout_ns;
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    ck_assert_int_ge(poll(&pollfd, 1, timeout_ns ? -1 : 0), 0);
    if (lariat_loop_check(loop))
        ck_assert_int_ge(lariat_loop_dispatch(loop), 0);
}

static void consume(struct traffic *traffic, enum kind kind)
{
    for (int q = 0; q < N_QUEUES; q++) {
        while (traffic->queues[q].taken < traffic->n) {
            if (kind == OUTSIDE)
                wait_outside(traffic->loop);
            else
                ck_assert_int_ge(lariat_loop_poll(traffic->loop, true), 0);
        }
    }
}

static void traffic_init(struct traffic *traffic, enum kind kind)
{
    struct lariat_poll_params params;
    memset(traffic, 0, sizeof(*traffic));
    traffic->n = tests_run_slowly() ? 500 : POLLER_IDLE_AFTER + 500;
    traffic->loop = kind == OUTSIDE ? loop_to_embed_or_fail() : loop_or_fail();
    lariat_poll_params_init(&params, kind == BY_AUTO ? LARIAT_POLL_AUTO : LARIAT_POLL_CLASSIC);
    params.max_ns = kind == SLEEPING ? 0 : params.max_ns;
    ck_assert_int_eq(lariat_loop_set_poll_params(traffic->loop, &params), 0);
    for (int q = 0; q < N_QUEUES; q++) {
        struct queue *queue = &traffic->queues[q];
        ck_assert_int_eq(lariat_poller_new(traffic->loop, has_items, take_item, queue, &queue->poller), 0);
        lariat_poller_set_sleep_callbacks(queue->poller, want_notifications, want_none);
    }
}

START_TEST(a_producer_that_notifies_only_when_told_loses_nothing)
{
    static struct traffic traffic;
    traffic_init(&traffic, (enum kind)_i);
    pthread_t thread = thread_or_fail(produce, &traffic);

    consume(&traffic, (enum kind)_i);
    join_or_fail(thread);

    ck_assert_uint_eq(stats_of(traffic.loop).pollers_run, (uint64_t)N_QUEUES * (uint64_t)traffic.n);
    for (int q = 0; q < N_QUEUES; q++) {
        ck_assert(traffic.queues[q].wrong == 0 && !has_items(&traffic.queues[q]));
        lariat_poller_delete(traffic.queues[q].poller);
    }
    loop_done(traffic.loop);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "pollers");
    tcase_add_loop_test(tc, a_producer_that_notifies_only_when_told_loses_nothing, 0, N_KINDS);
}

int main(void)
{
    return suite_main("stress: pollers", add);
}
