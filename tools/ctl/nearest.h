/* SPDX-License-Identifier: MIT */
/* "Did you mean": which known word is a mistyped one nearest to? Feed the known words one by one. lariat-bench uses it, too. */
#ifndef CTL_NEAREST_H
#define CTL_NEAREST_H

#include <stddef.h>

#define NEAREST_WORD_MAX 63

/*
 * The least number of letters to insert, delete or replace, or of neighbours to swap; '-' and '_' are the same. b has no more than
 * NEAREST_WORD_MAX letters.
 */
size_t edit_distance(const char *a, size_t n_a, const char *b, size_t n_b);

struct nearest {
    const char *typed;
    size_t n_typed;
    const char *word; /* the nearest so far, borrowed, or NULL: none is near */
    size_t distance;
};

void nearest_init(struct nearest *nearest, const char *typed, size_t n_typed);
void nearest_offer(struct nearest *nearest, const char *word);

#endif
