/* SPDX-License-Identifier: MIT */
#include "fatal.h"

#include <stdio.h>
#include <stdlib.h>

void fatal(const char *function, const char *object, const char *name, const char *what)
{
    fprintf(stderr, "lariat: %s: %s '%s': %s\n", function, object, name ? name : "(unnamed)", what);
    abort();
}
