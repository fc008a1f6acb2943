/* SPDX-License-Identifier: MIT */
#include "worker_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef NBD_HAVE_MONITOR
#include <lariat/monitor.h>
#endif

#include "message.h"

#define DEFAULT_WORKERS_MAX 4

static unsigned n_wanted(const struct nbd_args *args)
{
    if (args->iothreads.n)
        return (unsigned)args->iothreads.n;
    if (args->n_iothreads)
        return (unsigned)args->n_iothreads;
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > DEFAULT_WORKERS_MAX ? DEFAULT_WORKERS_MAX : (unsigned)n;
}

/* nbd0, nbd1 ... unless the properties say another id: of a key given twice the last value counts. */
static int start(struct worker_set *set, const char *properties, char **errmsg)
{
    char *spec;

    if (asprintf(&spec, "id=nbd%u%s%s", set->n, *properties ? "," : "", properties) < 0)
        return -ENOMEM;
    int rc = lariat_iothread_new_from_string(spec, &set->iothreads[set->n], errmsg);

    free(spec);
    if (rc)
        return rc;
    struct worker *worker = &set->workers[set->n];

    rc = worker_begin(worker, lariat_iothread_loop(set->iothreads[set->n]));
    if (rc)
        lariat_iothread_destroy(set->iothreads[set->n]);
    else
        set->n++;
    return rc;
}

static int start_monitor(struct worker_set *set, const char *path, char **errmsg)
{
#ifdef NBD_HAVE_MONITOR
    return lariat_monitor_start(path, &set->monitor, errmsg);
#else
    (void)set;
    return refuse(errmsg, -EOPNOTSUPP, "--monitor=%s: this lariat-nbd was built without liblariat-monitor", path);
#endif
}

int worker_set_begin(struct worker_set *set, const struct nbd_args *args, const struct limits *limits,
                     struct lariat_bh *gone, atomic_uint *n_conns, char **errmsg)
{
    unsigned n = n_wanted(args);
    int rc = 0;

    set->workers = calloc(n, sizeof(*set->workers));
    set->iothreads = calloc(n, sizeof(struct lariat_iothread *));
    if (!set->workers || !set->iothreads)
        return -ENOMEM;
    for (unsigned i = 0; !rc && i < n; i++) {
        set->workers[i].limits = limits;
        set->workers[i].gone = gone;
        set->workers[i].n_all = n_conns;
        rc = start(set, i < args->iothreads.n ? args->iothreads.items[i] : "", errmsg);
    }
    if (!rc && args->monitor)
        rc = start_monitor(set, args->monitor, errmsg);
    return rc;
}

void worker_set_end(struct worker_set *set)
{
#ifdef NBD_HAVE_MONITOR
    lariat_monitor_stop(set->monitor);
#endif
    for (unsigned i = 0; i < set->n; i++) {
        worker_end(&set->workers[i]);
        lariat_iothread_destroy(set->iothreads[i]);
    }
    free(set->workers);
    free(set->iothreads);
}

struct worker *worker_set_least(struct worker_set *set)
{
    struct worker *least = &set->workers[0];

    for (unsigned i = 1; i < set->n; i++)
        if (atomic_load(&set->workers[i].n_conns) < atomic_load(&least->n_conns))
            least = &set->workers[i];
    return least;
}

void worker_set_drain(struct worker_set *set)
{
    for (unsigned i = 0; i < set->n; i++)
        worker_drain(&set->workers[i]);
}

void worker_set_cut_off(struct worker_set *set)
{
    for (unsigned i = 0; i < set->n; i++)
        worker_cut_off(&set->workers[i]);
}
