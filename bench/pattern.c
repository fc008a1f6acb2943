/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include <endian.h>
#include <string.h>

void pattern_fill(const struct pattern *pattern, void *buf, size_t n, uint64_t offset)
{
    uint64_t little = htole64(offset);
    uint8_t once[PATTERN_MAX];
    char *to = buf;

    memcpy(once, pattern->bytes, pattern->n);
    for (unsigned i = 0; i < pattern->n_offsets; i++)
        memcpy(once + pattern->offsets[i], &little, sizeof(little));
    size_t done = n < pattern->n ? n : pattern->n;

    memcpy(to, once, done);
    while (done < n) { /* twice as much each time */
        size_t more = done < n - done ? done : n - done;

        memcpy(to + done, to, more);
        done += more;
    }
}
