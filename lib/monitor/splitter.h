/* SPDX-License-Identifier: MIT */
/*
 * Cuts the bytes that a client sends into JSON texts, however they arrive: byte by byte, many at once, with or without
 * newlines between them. It counts braces and brackets and knows strings; what is inside is for the JSON parser.
 *
 * What is no JSON gets one error, and then the next text counts: behind a newline or 0xFF (no JSON string holds either), or
 * from the next '{'. A text that was never closed ends where a line begins with a brace that cannot stand there.
 * For one thread at a time.
 */
#ifndef LARIAT_MONITOR_SPLITTER_H
#define LARIAT_MONITOR_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

#define MONITOR_TEXT_MAX (1024 * 1024) /* bytes of one text */
#define MONITOR_DEPTH_MAX 1024         /* braces and brackets open at once */

enum monitor_split {
    MONITOR_SPLIT_MORE,     /* nothing complete yet */
    MONITOR_SPLIT_TEXT,     /* splitter->text holds one, until the next call */
    MONITOR_SPLIT_BROKEN,   /* no JSON */
    MONITOR_SPLIT_TOO_LONG, /* these two come as soon as it is known; the rest of that text is dropped */
    MONITOR_SPLIT_TOO_DEEP,
    MONITOR_SPLIT_NO_MEMORY, /* likewise */
};

enum monitor_splitter_mode {
    MONITOR_BETWEEN,    /* texts */
    MONITOR_INSIDE,     /* one, which is collected */
    MONITOR_DROPPING,   /* inside one that was refused: its end is looked for */
    MONITOR_RECOVERING, /* behind what was no JSON */
};

/* Begins as all zeros. */
struct monitor_splitter {
    enum monitor_splitter_mode mode;
    bool given;         /* text was returned and is no longer needed */
    bool in_string;     /* in these modes: INSIDE, DROPPING */
    bool escaped;       /* behind a backslash in a string */
    bool new_line;      /* a newline since `last` */
    unsigned char last; /* byte outside strings that is no blank */
    unsigned braces, brackets;
    struct monitor_buffer text;
};

/* Look at n bytes up to the end of a text or an error; returns how many were used up. Call again until *what says MORE. */
size_t monitor_splitter_feed(struct monitor_splitter *splitter, const char *bytes, size_t n, enum monitor_split *what);

void monitor_splitter_free(struct monitor_splitter *splitter);

#endif
