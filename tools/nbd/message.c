/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

int refuse(char **errmsg, int rc, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    if (vasprintf(errmsg, format, ap) < 0)
        *errmsg = NULL;
    va_end(ap);
    return rc;
}
