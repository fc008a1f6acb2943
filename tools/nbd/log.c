/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static int log_level = LOG_INFO; /* set before there are threads */

void log_set_level(int level)
{
    log_level = level;
}

void log_line(int level, const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    va_list ap;

    if (level > log_level)
        return;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    if (getenv("JOURNAL_STREAM") && !isatty(STDERR_FILENO))
        fprintf(stderr, "<%d>%s\n", level, text);
    else
        fprintf(stderr, "lariat-nbd: %s\n", text);
}
