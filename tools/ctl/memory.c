/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

void *need_memory(void *p)
{
    if (p)
        return p;
    fputs("lariat-ctl: out of memory\n", stderr);
    exit(EXIT_FAILURE);
}
