/* SPDX-License-Identifier: MIT */
#include "log_ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int log_ring_init(struct log_ring *ring)
{
    size_t size = LOG_RING_SIZE * sizeof(*ring->records);
    /* Populated: a page fault would be time of an I/O. */
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    memset(ring, 0, sizeof(*ring));
    if (memory == MAP_FAILED)
        return -ENOMEM;
    ring->records = memory;
    return 0;
}

void log_ring_free(struct log_ring *ring)
{
    if (ring->records)
        munmap(ring->records, LOG_RING_SIZE * sizeof(*ring->records));
    ring->records = NULL;
}
