/* SPDX-License-Identifier: MIT */
/*
 * Bottom halves inside the library. See bh.c for who may touch what.
 */
#ifndef LARIAT_BH_PRIVATE_H
#define LARIAT_BH_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <lariat/bh.h>

#define BH_SCHEDULED 1u /* fn is to be called */
#define BH_PENDING 2u   /* on the list, or claimed by the one who will push it */
#define BH_DELETED 4u   /* free it instead of calling it; never cleared */
#define BH_ONESHOT 8u   /* constant: free it before calling it */

struct lariat_bh {
    struct lariat_bh *next; /* in the list; only valid while BH_PENDING */
    _Atomic uint32_t state;
    bool quiet;             /* constant: calling it is no progress (the loop's notify) */
    struct lariat_loop *loop;
    void (*fn)(void *);
    void *opaque;
    const char *name;
};

/* Make a BH that lives in somebody else's struct and holds no reference. */
void bh_init(struct lariat_bh *bh, struct lariat_loop *loop, const char *name, void (*fn)(void *), void *opaque);

/* Run one slice: the BHs on the list now. Returns whether one that is not quiet ran. Owner. */
bool bh_run_slice(struct lariat_loop *loop);

/* Refuse BHs from now on; those accepted before are all on the list afterwards. Owner. */
void bh_list_close(struct lariat_loop *loop);

#endif
