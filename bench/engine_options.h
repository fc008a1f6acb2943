/* SPDX-License-Identifier: MIT */
/* Options that mean something for some engines only. */
#ifndef BENCH_ENGINE_OPTIONS_H
#define BENCH_ENGINE_OPTIONS_H

#include <stdbool.h>

#include "options.h"

#define FOR_LARIAT (1u << ENGINE_LARIAT)
#define FOR_LIBURING (1u << ENGINE_LIBURING)
#define FOR_PSYNC (1u << ENGINE_PSYNC)
#define FOR_NULL (1u << ENGINE_NULL)
#define FOR_RINGS (FOR_LARIAT | FOR_LIBURING)

struct engine_option {
    const char *name;
    unsigned engines; /* FOR_... */
    bool vital;       /* it says which I/Os are carried out, or how: no other engine may leave it aside */
};

/* Number i of all, from 0; NULL: there are fewer. */
const struct engine_option *engine_option_at(unsigned i);

/*
 * Does the job ask for what its engine does not have? 0, with a warning at most: it is left aside, as all that came from the
 * defaults for jobs of any engine; -EINVAL: a vital one was given to this job, told; -ENOMEM.
 */
int engine_options_check(const struct job_options *job, FILE *err);

#endif
