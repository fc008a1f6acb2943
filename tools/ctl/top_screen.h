/* SPDX-License-Identifier: MIT */
/* How "top" looks: the model as lines of text. Knows nothing of terminals but the few sequences that it writes. */
#ifndef CTL_TOP_SCREEN_H
#define CTL_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "top_model.h"

struct top_screen {
    int columns;
    int lines;
    bool utf8;   /* the sparkline may use block elements */
    bool colour; /* colours, bold and reverse; without them a '>' alone marks the selection */
};

/*
 * Write a whole screen: never more lines or columns than there are. Scrolls the model so that the selection is visible.
 * Returns the number of iothreads that it shows: what a page is.
 */
size_t top_screen_draw(struct top_model *model, const struct top_screen *screen, FILE *out);

/* The same figures as plain lines, for batch mode: titles, or a line for each iothread that begins with `prefix`. */
void top_screen_plain_titles(const char *prefix, FILE *out);
void top_screen_plain(const struct top_model *model, const char *prefix, FILE *out);

#endif
