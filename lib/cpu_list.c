/* SPDX-License-Identifier: MIT */
#include "cpu_list.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* One number; *text moves behind it. -1: none there, or too large. */
static int parse_cpu(const char **text)
{
    char *end;
    unsigned long n;

    if (!isdigit((unsigned char)**text))
        return -1;
    errno = 0;
    n = strtoul(*text, &end, 10);
    *text = end;
    return errno || n >= CPU_SETSIZE ? -1 : (int)n;
}

int cpu_list_parse(const char *text, cpu_set_t *cpus)
{
    CPU_ZERO(cpus);
    for (;;) {
        int first = parse_cpu(&text), last = first;

        if (first < 0)
            return -EINVAL;
        if (*text == '-') {
            text++;
            last = parse_cpu(&text);
        }
        if (last < first)
            return -EINVAL;
        for (int i = first; i <= last; i++)
            CPU_SET((size_t)i, cpus);
        if (!*text)
            return 0;
        if (*text++ != ',')
            return -EINVAL;
    }
}

int cpu_list_check(const cpu_set_t *cpus)
{
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, cpus) && !cpu_exists(i))
            return -ENODEV;
    return 0;
}

bool cpu_exists(size_t cpu)
{
    return (long)cpu < sysconf(_SC_NPROCESSORS_CONF);
}
