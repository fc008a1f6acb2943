/* SPDX-License-Identifier: MIT */
/* All workers, each on an iothread of its own, and the control socket that shows these. Main thread only. */
#ifndef NBD_WORKER_SET_H
#define NBD_WORKER_SET_H

#include "args.h"
#include "worker.h"

struct worker_set {
    struct worker *workers;
    struct lariat_iothread **iothreads;
    unsigned n;
    struct lariat_monitor *monitor;
};

/* As the command line asks; the other arguments go to each worker. 0, or -errno, and *errmsg says why; end it in any case. */
int worker_set_begin(struct worker_set *set, const struct nbd_args *args, const struct limits *limits,
                     struct lariat_bh *gone, atomic_uint *n_conns, char **errmsg);
/* All connections have gone. */
void worker_set_end(struct worker_set *set);

/* The one with the fewest connections. */
struct worker *worker_set_least(struct worker_set *set);

void worker_set_drain(struct worker_set *set);
void worker_set_cut_off(struct worker_set *set);

#endif
