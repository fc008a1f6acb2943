/* SPDX-License-Identifier: MIT */
/*
 * The terminal as "top" uses it: no echo, key by key, on the alternate screen. It is put back whatever ends or stops the
 * program: a return, exit(), SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP. There is one, and it belongs to the main thread.
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

enum terminal_event {
    TERMINAL_TIME,    /* the moment has come */
    TERMINAL_KEY,     /* there is something to read */
    TERMINAL_CHANGED, /* it has another size, or the program was stopped meanwhile: draw anew */
    TERMINAL_GONE
};

/* Can a screen be drawn: are stdin and stdout a terminal that knows the usual sequences? */
bool terminal_usable(void);

/* 0 or -errno. */
int terminal_enter(void);
void terminal_leave(void);

void terminal_size(int *columns, int *lines);

/* Wait until something happens, at most until that moment of CLOCK_MONOTONIC. */
enum terminal_event terminal_wait(int64_t until_ns);

/* The next key, or false: there is none now. */
bool terminal_read(char *byte);

#endif
