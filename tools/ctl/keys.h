/* SPDX-License-Identifier: MIT */
/* The keys of "top", and what + and - make of a polling time. */
#ifndef CTL_KEYS_H
#define CTL_KEYS_H

#include <stdint.h>

enum key {
    KEY_NONE, /* in the middle of a sequence, or a key that means nothing here */
    KEY_UP,
    KEY_DOWN,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_FIRST,
    KEY_LAST,
    KEY_RAISE,
    KEY_LOWER,
    KEY_OFF,
    KEY_SORT,
    KEY_PAUSE,
    KEY_REDRAW,
    KEY_QUIT
};

/* Begin with { 0 }: a sequence may come in pieces. */
struct key_parser {
    char sequence[8];
    unsigned n;
};

enum key key_parse(struct key_parser *parser, char byte);

/* The next poll-max-ns up (direction 1) or down (-1): twice or half, 4000 ns behind 0, and 0 below that. */
int64_t key_next_poll_max(int64_t poll_max_ns, int direction);

#endif
