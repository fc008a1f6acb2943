/* SPDX-License-Identifier: MIT */
/* What the suites of BHs share: callbacks that record their order, and BHs that go on. */
#ifndef BH_SUPPORT_H
#define BH_SUPPORT_H

#include <errno.h>

#include "support.h"

/* A record of the order in which callbacks ran. */
struct trace {
    int n;
    int ids[2048];
};

struct traced_bh {
    struct lariat_bh *bh;
    struct trace *trace;
    int id;
};

static inline void record(void *opaque)
{
    struct traced_bh *traced = opaque;
    traced->trace->ids[traced->trace->n++] = traced->id;
}

static inline void must_be_counting_up(const struct trace *trace, int n)
{
    ck_assert_int_eq(trace->n, n);
    for (int i = 0; i < n; i++) {
        ck_assert_int_eq(trace->ids[i], i);
    }
}

/* A BH that goes on until it ran `left` times. */
struct repeater {
    struct lariat_loop *loop;
    struct lariat_bh *bh;
    int left;
    int runs;
    int last_rc;
    bool deletes_itself;
};

static inline void repeat(void *opaque)
{
    struct repeater *repeater = opaque;
    repeater->runs++;
    if (--repeater->left > 0) {
        repeater->last_rc = lariat_bh_schedule(repeater->bh);
    } else if (repeater->deletes_itself) {
        lariat_bh_delete(repeater->bh);
    }
}

#endif
