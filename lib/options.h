/* SPDX-License-Identifier: MIT */
/* Reading option structs of callers built against another version of the headers. */
#ifndef LARIAT_OPTIONS_H
#define LARIAT_OPTIONS_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

/*
 * Copy an option struct, whose first member is its size, into `to`, preset with the defaults. Members that an older caller
 * did not know keep their defaults. 0; -EINVAL: no plausible size; -E2BIG: a newer caller uses what this library has not.
 */
static inline int options_read(void *to, size_t to_bytes, const void *from)
{
    size_t bytes;

    memcpy(&bytes, from, sizeof(bytes));
    if (bytes < sizeof(bytes) || bytes % sizeof(void *))
        return -EINVAL;
    for (size_t i = to_bytes; i < bytes; i++)
        if (((const char *)from)[i])
            return -E2BIG;
    memcpy(to, from, bytes < to_bytes ? bytes : to_bytes);
    return 0;
}

#endif
