/* SPDX-License-Identifier: MIT */
/*
 * From a job's thread to the main thread: one record for each I/O, for logs that have a line for each. The job's thread only
 * writes to memory that is there already; a record that finds the ring full is counted as lost, and told at the end.
 */
#ifndef BENCH_LOG_RING_H
#define BENCH_LOG_RING_H

#include <stdbool.h>
#include <stdint.h>

#define LOG_RING_SIZE (1u << 16) /* at least */

struct log_record {
    int64_t end_ns, lat_ns;
    uint64_t offset;
    uint32_t queued_ns, bytes;
    uint32_t kind; /* enum io_kind */
};

struct log_ring {
    uint64_t head; /* written by the job's thread, with release: pairs with the acquire in log_ring_take() */
    uint64_t lost;
    uint64_t tail_seen; /* the job's thread's own */
    struct log_record *records;
    uint64_t size; /* a power of 2 */
    uint64_t tail
        __attribute__((aligned(64))); /* written by the main thread, with release: pairs with that in log_ring_add() */
};

/* With room for n_entries, or more. 0 or -ENOMEM. */
int log_ring_init(struct log_ring *ring, uint64_t n_entries);
void log_ring_free(struct log_ring *ring);

static inline void log_ring_add(struct log_ring *ring, const struct log_record *record)
{
    uint64_t head = ring->head;

    if (head - ring->tail_seen == ring->size) {
        ring->tail_seen = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
        if (head - ring->tail_seen == ring->size) {
            __atomic_store_n(&ring->lost, ring->lost + 1, __ATOMIC_RELAXED);
            return;
        }
    }
    ring->records[head & (ring->size - 1)] = *record;
    __atomic_store_n(&ring->head, head + 1, __ATOMIC_RELEASE);
}

/* For the main thread. False: it is empty. */
static inline bool log_ring_take(struct log_ring *ring, struct log_record *record)
{
    uint64_t tail = ring->tail;

    if (tail == __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE))
        return false;
    *record = ring->records[tail & (ring->size - 1)];
    __atomic_store_n(&ring->tail, tail + 1, __ATOMIC_RELEASE);
    return true;
}

#endif
