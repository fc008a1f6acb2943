/* SPDX-License-Identifier: MIT */
#include "errmsg.h"

#include <stdarg.h>
#include <stdio.h>

int errmsg_set(char **errmsg, int err, const char *format, ...)
{
    va_list args;

    if (!errmsg)
        return err;
    va_start(args, format);
    if (vasprintf(errmsg, format, args) < 0)
        *errmsg = NULL;
    va_end(args);
    return err;
}
