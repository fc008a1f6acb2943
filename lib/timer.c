/* SPDX-License-Identifier: MIT */
/*
 * A 4-ary heap with the key in the array: the comparisons of a sift touch one cache line a level and no timer.
 *
 * Running: all that have expired are popped first, to the end of the array that each pop frees, and run from there. Timers
 * set meanwhile go to the spill list, so they wait for the next iteration and do not disturb the array. The spill list also
 * takes timers that the heap has no memory for: setting a timer must not fail. It is moved to the heap as soon as possible.
 */
#include "timer.h"

#include <stdlib.h>
#include <string.h>

#include "loop.h"

#define ARITY 4
#define ROOM_FIRST 64
#define HEAP_SHIFT 3 /* slots left out before the first: so slot 1, and each group of children, begins a cache line */
#define MANY_LEAST 64 /* below, the heap is in the cache anyway */
#define MANY_SHARE 4  /* one in so many expired at once: worth a pass over the rest */
#define AHEAD 8

_Static_assert(sizeof(struct timer) <= sizeof(struct lariat_timer), "struct lariat_timer has too few words");

void timers_init(struct timers *t)
{
    memset(t, 0, sizeof(*t));
}

/* Only equal expiries cost a look into the timers. */
static inline bool before(const struct timer_slot *a, const struct timer_slot *b)
{
    return a->expire_ns < b->expire_ns || (unlikely(a->expire_ns == b->expire_ns) && a->timer->order < b->timer->order);
}

/* place: keep the timer's own record of where it is, which costs a cache line of each timer moved. */
static inline void put(struct timers *t, size_t i, const struct timer_slot *slot, bool place)
{
    t->heap[i] = *slot;
    if (place)
        slot->timer->place = i;
}

/* Fill the hole at i with `slot`, or one above it, but not above `top`. */
static inline void sift_up(struct timers *t, size_t top, size_t i, struct timer_slot slot, bool place)
{
    while (i > top) {
        size_t parent = (i - 1) / ARITY;

        if (!before(&slot, &t->heap[parent]))
            break;
        put(t, i, &t->heap[parent], place);
        i = parent;
    }
    put(t, i, &slot, place);
}

/* The first of n children to fire. A full group of different expiries is decided without a branch to mispredict. */
static inline size_t least_child(const struct timer_slot *child, size_t n)
{
    size_t least = 0;

    if (likely(n == ARITY)) {
        size_t a = child[1].expire_ns < child[0].expire_ns;
        size_t b = 2 + (size_t)(child[3].expire_ns < child[2].expire_ns);

        if (likely(child[0].expire_ns != child[1].expire_ns && child[2].expire_ns != child[3].expire_ns &&
                   child[a].expire_ns != child[b].expire_ns))
            return child[b].expire_ns < child[a].expire_ns ? b : a;
    }
    for (size_t i = 1; i < n; i++)
        if (before(&child[i], &child[least]))
            least = i;
    return least;
}

/*
 * Fill the hole at `top` with `slot`, which comes from the end of the heap and so most likely belongs near the end again: the
 * hole goes all the way down, and the slot up from there. On the way the lines of the level after the next are fetched.
 */
static inline void sift_down(struct timers *t, size_t top, struct timer_slot slot, bool place)
{
    size_t i = top, first;

    while ((first = i * ARITY + 1) < t->n) {
        size_t least = first + least_child(&t->heap[first], t->n - first < ARITY ? t->n - first : ARITY);

        for (size_t line = 0; line < ARITY; line++)
            __builtin_prefetch(&t->heap[(first + line) * ARITY + 1]);
        put(t, i, &t->heap[least], place);
        i = least;
    }
    sift_up(t, top, i, slot, place);
}

static void heap_remove(struct timers *t, size_t i)
{
    struct timer_slot last = t->heap[--t->n];

    if (i == t->n)
        return;
    if (i && before(&last, &t->heap[(i - 1) / ARITY]))
        sift_up(t, 0, i, last, true);
    else
        sift_down(t, i, last, true);
}

static void heap_free(struct timers *t)
{
    if (t->heap)
        free(t->heap - HEAP_SHIFT);
}

static bool heap_has_room(struct timers *t)
{
    size_t room = t->room ? t->room * 2 : ROOM_FIRST;
    struct timer_slot *heap;

    if (likely(t->n < t->room))
        return true;
    heap = aligned_alloc(CACHE_LINE, (room + HEAP_SHIFT + 1) * sizeof(*heap)); /* a multiple of the line */
    if (!heap)
        return false;
    heap += HEAP_SHIFT;
    if (t->n)
        memcpy(heap, t->heap, t->n * sizeof(*heap));
    heap_free(t);
    t->heap = heap;
    t->room = room;
    return true;
}

static void heap_insert(struct timers *t, struct timer *timer)
{
    struct timer_slot slot = { timer->expire_ns, timer };

    sift_up(t, 0, t->n++, slot, true);
}

static void spill_push(struct timers *t, struct timer *timer)
{
    timer->place = TIMER_SPILLED;
    timer->prev = NULL;
    timer->next = t->spill;
    if (timer->next)
        timer->next->prev = timer;
    t->spill = timer;
}

static void spill_remove(struct timers *t, struct timer *timer)
{
    if (timer->prev)
        timer->prev->next = timer->next;
    else
        t->spill = timer->next;
    if (timer->next)
        timer->next->prev = timer->prev;
}

int64_t timers_spill_next_ns(const struct timers *t)
{
    int64_t next = CLOCK_NEVER;

    for (const struct timer *timer = t->spill; timer; timer = timer->next)
        next = timer->expire_ns < next ? timer->expire_ns : next;
    return next;
}

/* Memory may be back: the spilled ones keep their expiry and order. */
static void unspill(struct timers *t)
{
    while (t->spill && heap_has_room(t)) {
        struct timer *timer = t->spill;

        spill_remove(t, timer);
        heap_insert(t, timer);
    }
}

/* After pops that did not record where the timers moved. */
static void fix_places(struct timers *t)
{
    for (size_t i = 0; i < t->n; i++)
        t->heap[i].timer->place = i;
    for (size_t i = t->ready_first; i < t->ready_first + t->n_ready; i++)
        if (t->heap[i].timer)
            t->heap[i].timer->place = i;
    t->places_stale = false;
}

static void unlink_timer(struct timers *t, struct timer *timer)
{
    if (timer->place == TIMER_IDLE)
        return;
    if (timer->place == TIMER_SPILLED) {
        spill_remove(t, timer);
    } else {
        if (unlikely(t->places_stale))
            fix_places(t);
        if (unlikely(t->running && timer->place >= t->ready_first))
            t->heap[timer->place].timer = NULL;
        else
            heap_remove(t, timer->place);
    }
    timer->place = TIMER_IDLE;
}

/* How many in the subtree of i have expired, counting no further than about `limit`. */
static size_t count_expired(const struct timers *t, size_t i, int64_t now_ns, size_t limit)
{
    size_t n = 1;

    if (i >= t->n || t->heap[i].expire_ns > now_ns)
        return 0;
    for (size_t child = i * ARITY + 1; child <= i * ARITY + ARITY && n < limit; child++)
        n += count_expired(t, child, now_ns, limit - n);
    return n;
}

/* Pop the expired ones. When they are many, where each one moved is not recorded: that would cost more than all else. */
static void take_expired(struct timers *t, int64_t now_ns)
{
    size_t n = t->n;
    bool many = n >= MANY_LEAST && count_expired(t, 0, now_ns, n / MANY_SHARE) >= n / MANY_SHARE;

    while (t->n && t->heap[0].expire_ns <= now_ns) {
        struct timer_slot first = t->heap[0], last = t->heap[--t->n];

        if (t->n)
            sift_down(t, 0, last, !many);
        t->heap[t->n] = first;
        if (!many)
            first.timer->place = t->n;
    }
    t->ready_first = t->n;
    t->n_ready = n - t->n;
    t->places_stale = many;
}

/* The first of the spilled ones that has expired and was not set during this run. */
static struct timer *find_spilled(const struct timers *t, int64_t now_ns, uint64_t order_end)
{
    struct timer *timer = t->spill;

    while (timer && (timer->expire_ns > now_ns || timer->order >= order_end))
        timer = timer->next;
    return timer;
}

/* Those that the heap has had no memory for: into the heap, or run here, out of order, for want of anything better. */
static unsigned run_spilled(struct timers *t, int64_t now_ns)
{
    uint64_t order_end = t->order_next;
    struct timer *timer;
    unsigned n = 0;

    unspill(t);
    while ((timer = find_spilled(t, now_ns, order_end)) != NULL) {
        spill_remove(t, timer);
        timer->place = TIMER_IDLE;
        n++;
        timer->fn(timer->opaque);
    }
    return n;
}

unsigned timers_run(struct timers *t)
{
    unsigned n = 0;
    int64_t now_ns;

    if (!t->n && !t->spill)
        return 0;
    now_ns = clock_now_ns();
    t->running = true;
    t->ready_first = SIZE_MAX; /* none yet */
    if (unlikely(t->spill != NULL))
        n += run_spilled(t, now_ns);
    take_expired(t, now_ns);
    while (t->n_ready) {
        struct timer_slot *slot = &t->heap[t->ready_first + --t->n_ready];
        struct timer *timer = slot->timer;

        if (t->n_ready >= AHEAD)
            __builtin_prefetch(slot[-AHEAD].timer, 1); /* of 100,000 none is in the cache */
        if (unlikely(!timer)) /* cancelled by one that ran before it */
            continue;
        timer->place = TIMER_IDLE;
        n++;
        timer->fn(timer->opaque); /* may free the timer */
    }
    t->running = false;
    if (t->places_stale)
        fix_places(t);
    if (t->spill)
        unspill(t);
    return n;
}

void timers_forget(struct timers *t)
{
    heap_free(t);
    timers_init(t);
}

void timers_exit(struct timers *t)
{
    for (size_t i = 0; i < t->n; i++)
        t->heap[i].timer->place = TIMER_IDLE;
    for (struct timer *timer = t->spill; timer; timer = timer->next)
        timer->place = TIMER_IDLE;
    timers_forget(t);
}

void lariat_timer_init(struct lariat_timer *public, struct lariat_loop *loop, void (*fn)(void *), void *opaque)
{
    struct timer *timer = (struct timer *)public;

    require(public, __func__, "timer");
    assert_owner(loop, __func__);
    memset(public, 0, sizeof(*public));
    timer->loop = loop;
    timer->fn = fn;
    timer->opaque = opaque;
    timer->place = TIMER_IDLE;
}

void lariat_timer_set_ns(struct lariat_timer *public, int64_t expire_ns)
{
    struct timer *timer = (struct timer *)public;
    struct timers *t;

    require(public, __func__, "timer");
    assert_owner(timer->loop, __func__);
    t = &timer->loop->timers;
    unlink_timer(t, timer);
    if (timer->loop->stopping)
        return;
    timer->expire_ns = expire_ns > 0 ? expire_ns : 0;
    timer->order = t->order_next++;
    if (likely(!t->running && heap_has_room(t)))
        heap_insert(t, timer);
    else
        spill_push(t, timer);
    loop_queued(timer->loop);
}

void lariat_timer_cancel(struct lariat_timer *public)
{
    struct timer *timer = (struct timer *)public;

    require(public, __func__, "timer");
    assert_owner(timer->loop, __func__);
    unlink_timer(&timer->loop->timers, timer);
}
