/* SPDX-License-Identifier: MIT */
#include "traces.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LONGEST_NS 1e15 /* of what is made up: eleven days */
#define JITTER 10       /* percent */

static const struct trace_spec named[] = {
    { "constant", TRACE_CONSTANT, 15000, JITTER, 0 },
    { "exponential", TRACE_EXPONENTIAL, 25000, 0, 0 },
    { "bimodal", TRACE_BIMODAL, 5000, 80, 1e6 },
    { "lognormal", TRACE_LOGNORMAL, 10000, 50, 0 },
    { "pareto", TRACE_PARETO, 2000, 120, 0 },
    { "bursts", TRACE_BURSTS, 8000, 100, 1e7 },
    { "phases", TRACE_PHASES, 5000, 1e6, 1000 },
    { "shifting-phases", TRACE_SHIFTING, 1000, 1e6, 2000 },
    { "drift", TRACE_DRIFT, 5000, 50000, 2000 },
    { "same-cpu", TRACE_SAME_CPU, 1e7, 0, 0 },
};
#define N_NAMED (sizeof(named) / sizeof(named[0]))

const struct trace_spec *trace_spec_named(const char *name)
{
    for (size_t i = 0; i < N_NAMED; i++)
        if (!strcasecmp(named[i].name, name))
            return &named[i];
    return NULL;
}

const char *trace_names(void)
{
    return "constant, exponential, bimodal, lognormal, pareto, bursts, phases, shifting-phases, drift, adversarial, same-cpu";
}

/* splitmix64 */
uint64_t trace_random(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

double trace_share(uint64_t *state)
{
    return (double)(trace_random(state) >> 11) / 9007199254740992.0; /* 2^53 */
}

static double exponential(uint64_t *state)
{
    return -log(1 - trace_share(state));
}

/* Box and Muller, the half of it. */
static double normal(uint64_t *state)
{
    double radius = sqrt(2 * exponential(state));

    return radius * cos(2 * 3.14159265358979323846 * trace_share(state));
}

static double jittered(double ns, double percent, uint64_t *state)
{
    return ns * (1 + percent / 100 * (2 * trace_share(state) - 1));
}

/* The i-th wait; *shift is what a shifting trace stays at for now. */
static double wait_of(const struct trace_spec *spec, size_t i, uint64_t *state, double *shift)
{
    switch (spec->kind) {
    case TRACE_CONSTANT: return jittered(spec->a, spec->b, state);
    case TRACE_EXPONENTIAL: return spec->a * exponential(state);
    case TRACE_BIMODAL: return jittered(trace_share(state) * 100 < spec->b ? spec->a : spec->c, JITTER, state);
    case TRACE_LOGNORMAL: return spec->a * exp(spec->b / 100 * normal(state));
    case TRACE_PARETO: return spec->a * pow(1 - trace_share(state), -100 / spec->b);
    case TRACE_BURSTS: return jittered(i % ((size_t)spec->b + 1) < (size_t)spec->b ? spec->a : spec->c, JITTER, state);
    case TRACE_PHASES: return jittered(i / (size_t)spec->c % 2 ? spec->b : spec->a, JITTER, state);
    case TRACE_DRIFT:
        *shift = fabs((double)(i % (2 * (size_t)spec->c)) / spec->c - 1); /* 1 to 0 to 1 */
        return jittered(spec->a + (spec->b - spec->a) * (1 - *shift), JITTER, state);
    case TRACE_SHIFTING:
        if (!i || trace_share(state) * spec->c < 1)
            *shift = spec->a * pow(spec->b / spec->a, trace_share(state));
        return jittered(*shift, JITTER, state);
    case TRACE_SAME_CPU: return spec->a * (1 + exponential(state));
    }
    return 0;
}

int trace_add(struct trace *trace, int64_t wait_ns)
{
    if (trace->n == trace->room) {
        size_t room = trace->room ? 2 * trace->room : 1024;
        int64_t *larger = realloc(trace->waits_ns, room * sizeof(*larger));

        if (!larger)
            return -ENOMEM;
        trace->waits_ns = larger;
        trace->room = room;
    }
    trace->waits_ns[trace->n++] = wait_ns;
    return 0;
}

int trace_generate(struct trace *trace, const struct trace_spec *spec, size_t n, uint64_t seed)
{
    double shift = 0;
    int rc = 0;

    for (size_t i = 0; i < n && !rc; i++) {
        double ns = wait_of(spec, i, &seed, &shift);

        rc = trace_add(trace, (int64_t)(ns < LONGEST_NS ? ns : LONGEST_NS));
    }
    return rc;
}

/* An empty line counts as read: *wait_ns is then -1. */
static bool read_line(char *line, int64_t *wait_ns)
{
    char *end = line;

    line[strcspn(line, "#")] = '\0';
    while (isspace((unsigned char)*line))
        line++;
    *wait_ns = -1;
    if (!*line)
        return true;
    if (!isdigit((unsigned char)*line))
        return false;
    errno = 0;
    *wait_ns = strtoll(line, &end, 10);
    while (isspace((unsigned char)*end))
        end++;
    return !errno && !*end;
}

int trace_read(struct trace *trace, FILE *in, size_t *line)
{
    char *text = NULL;
    size_t bytes = 0;
    int rc = 0;

    *line = 0;
    errno = 0;
    while (!rc && getline(&text, &bytes, in) >= 0) {
        int64_t wait_ns;

        ++*line;
        if (!read_line(text, &wait_ns))
            rc = -EINVAL;
        else if (wait_ns >= 0)
            rc = trace_add(trace, wait_ns);
        errno = 0;
    }
    if (!rc && !feof(in))
        rc = errno ? -errno : -EIO;
    free(text);
    return rc ? rc : trace->n ? 0 : -ENODATA;
}

int trace_write(const struct trace *trace, FILE *out)
{
    for (size_t i = 0; i < trace->n; i++)
        if (fprintf(out, "%" PRId64 "\n", trace->waits_ns[i]) < 0)
            return errno ? -errno : -EIO;
    return 0;
}

void trace_free(struct trace *trace)
{
    free(trace->waits_ns);
    memset(trace, 0, sizeof(*trace));
}
