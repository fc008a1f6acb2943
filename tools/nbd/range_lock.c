/* SPDX-License-Identifier: MIT */
#include "range_lock.h"

#include <lariat/bh.h>
#include <pthread.h>
#include <stdlib.h>

struct range_lock {
    pthread_mutex_t mutex;
    struct range *first, **end; /* had and waited for, in the order in which they came */
    unsigned n_alone;           /* of them */
    unsigned n_waiting;
};

struct range_lock *range_lock_new(void)
{
    struct range_lock *lock = calloc(1, sizeof(*lock));

    if (lock) {
        pthread_mutex_init(&lock->mutex, NULL);
        lock->end = &lock->first;
    }
    return lock;
}

void range_lock_free(struct range_lock *lock)
{
    if (lock)
        pthread_mutex_destroy(&lock->mutex);
    free(lock);
}

/* Must it wait for one that came before it? Where nobody wants to be alone there is nothing to look for. */
static bool must_wait(const struct range_lock *lock, const struct range *range)
{
    if (!lock->n_alone)
        return false;
    for (const struct range *other = lock->first; other != range; other = other->next)
        if ((other->alone || range->alone) && other->begin < range->end && range->begin < other->end)
            return true;
    return false;
}

bool range_take(struct range_lock *lock, struct range *range)
{
    pthread_mutex_lock(&lock->mutex);
    range->next = NULL;
    range->link = lock->end;
    *lock->end = range;
    lock->end = &range->next;
    lock->n_alone += range->alone;
    bool waiting = range->waiting = must_wait(lock, range);
    lock->n_waiting += waiting;
    pthread_mutex_unlock(&lock->mutex);
    return !waiting;
}

void range_give(struct range_lock *lock, struct range *range)
{
    pthread_mutex_lock(&lock->mutex);
    *range->link = range->next;
    if (range->next)
        range->next->link = range->link;
    else
        lock->end = range->link;
    lock->n_alone -= range->alone;
    for (struct range *other = lock->n_waiting ? lock->first : NULL; other; other = other->next)
        if (other->waiting && !must_wait(lock, other)) {
            other->waiting = false;
            lock->n_waiting--;
            lariat_bh_schedule(other->granted);
        }
    pthread_mutex_unlock(&lock->mutex);
}
