/* SPDX-License-Identifier: MIT */
#ifndef BENCH_PATTERN_H
#define BENCH_PATTERN_H

#include "values.h"

/* Fill n bytes with the pattern over and over; where it has %o, with `offset` in 8 bytes, little-endian. */
void pattern_fill(const struct pattern *pattern, void *buf, size_t n, uint64_t offset);

#endif
