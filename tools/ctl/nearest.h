/* SPDX-License-Identifier: MIT */
/* "Did you mean": which known word is a mistyped one nearest to? Feed the known words one by one. */
#ifndef CTL_NEAREST_H
#define CTL_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *typed;
    size_t n_typed;
    const char *word; /* the nearest so far, borrowed, or NULL: none is near */
    size_t distance;
};

void nearest_init(struct nearest *nearest, const char *typed, size_t n_typed);
void nearest_offer(struct nearest *nearest, const char *word);

#endif
