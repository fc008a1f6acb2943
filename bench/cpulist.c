/* SPDX-License-Identifier: MIT */
#include "cpulist.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

static int parse_cpu(const char **text, int *cpu)
{
    int value = 0;

    if (!isdigit((unsigned char)**text))
        return -EINVAL;
    while (isdigit((unsigned char)**text)) {
        value = value * 10 + (**text - '0');
        if (value >= CPU_SETSIZE)
            return -EINVAL;
        (*text)++;
    }
    *cpu = value;
    return 0;
}

int cpulist_parse(const char *text, cpu_set_t *set)
{
    CPU_ZERO(set);
    for (;;) {
        int first, last;

        if (parse_cpu(&text, &first))
            return -EINVAL;
        last = first;
        if (*text == '-') {
            text++;
            if (parse_cpu(&text, &last) || last < first)
                return -EINVAL;
        }
        for (int cpu = first; cpu <= last; cpu++)
            CPU_SET((unsigned)cpu, set);
        if (!*text)
            return 0;
        if (*text++ != ',')
            return -EINVAL;
    }
}

char *cpulist_format(const cpu_set_t *set, char text[CPULIST_TEXT_MAX])
{
    size_t n = 0;

    text[0] = '\0';
    for (unsigned first = 0, end; first < CPU_SETSIZE; first = end) {
        for (end = first; end < CPU_SETSIZE && CPU_ISSET(end, set);)
            end++;
        if (end == first) {
            end++;
            continue;
        }
        n += (size_t)snprintf(text + n, CPULIST_TEXT_MAX - n, "%s%u", n ? "," : "", first);
        if (end > first + 1)
            n += (size_t)snprintf(text + n, CPULIST_TEXT_MAX - n, "-%u", end - 1);
    }
    return text;
}
