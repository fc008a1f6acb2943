/* SPDX-License-Identifier: MIT */
#ifndef CTL_SAMPLE_H
#define CTL_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "rates.h"

#define SAMPLE_ID_MAX 64

/* What the server says of an iothread at one moment. */
struct sample {
    char id[SAMPLE_ID_MAX];
    int64_t thread_id;
    bool running;
    struct counters counters;
    uint64_t window_ns;
    int64_t poll_max_ns; /* in force */
    char policy[16];
};

#endif
