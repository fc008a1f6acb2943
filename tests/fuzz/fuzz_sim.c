/* SPDX-License-Identifier: MIT */
/* The simulator (tests/sim/) driven by libFuzzer: it makes the bytes. */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "memory.h"
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>

bool sim_tracing;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

void sim_trace(const char *format, ...)
{
    (void)format;
}

void sim_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
    abort();
}

struct run {
    const uint8_t *bytes;
    size_t n;
};

static void *run_thread(void *opaque)
{
    const struct run *run = opaque;

    sim_run(run->bytes, run->n);
    return NULL;
}

/* In a thread of its own, as sim does it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct run run = { bytes, n };
    long outstanding = memory_outstanding();
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_thread, &run))
        abort();
    pthread_join(thread, NULL);
    sim_require(memory_outstanding() == outstanding, "%ld allocations were not freed", memory_outstanding() - outstanding);
    return 0;
}
