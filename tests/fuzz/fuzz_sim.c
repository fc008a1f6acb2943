/* SPDX-License-Identifier: MIT */
/* The simulator (tests/sim/) driven by libFuzzer: it makes the bytes, and keeps those of a run that aborts. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    sim_run(bytes, n);
    return 0;
}
