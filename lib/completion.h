/* SPDX-License-Identifier: MIT */
/*
 * Who gets a completion of the loop's own requests (the wake-up poll, the polls of handlers). Its address, with bit 0 set, is
 * the request's user_data; the address of a struct lariat_op, bit 0 clear, is that of an op.
 */
#ifndef LARIAT_COMPLETION_H
#define LARIAT_COMPLETION_H

#include <stdbool.h>
#include <stdint.h>

struct completion {
    /* Returns whether a callback of the user ran. */
    bool (*fn)(struct completion *completion, int res, unsigned cqe_flags);
};

#define COMPLETION_TAG UINT64_C(1)

static inline uint64_t completion_user_data(const struct completion *completion)
{
    return (uint64_t)(uintptr_t)completion | COMPLETION_TAG;
}

#endif
