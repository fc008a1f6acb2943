/* SPDX-License-Identifier: MIT */
#include "option_table.h"

#include <string.h>

#include "../tools/ctl/nearest.h"

static const struct {
    const char *title;
    const struct option_row *rows;
} parts[] = {
    { "Names, files and sizes", option_table_target },
    { "Which I/Os", option_table_load },
    { "Time, rates, limits, and the order of jobs", option_table_time },
    { "Verification and errors", option_table_verify },
    { "Engine, polling, threads, CPUs and memory", option_table_engine },
    { "What is reported of a job", option_table_report },
    { "The whole run; on the command line only", option_table_program },
    { "Options of fio that are ignored or refused", option_table_others },
};

#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

const struct option_row *option_at(size_t i)
{
    for (size_t part = 0; part < N_PARTS; part++)
        for (const struct option_row *row = parts[part].rows; row->name; row++)
            if (i-- == 0)
                return row;
    return NULL;
}

const char *option_title(const struct option_row *row)
{
    for (size_t part = 0; part < N_PARTS; part++)
        if (row == parts[part].rows)
            return parts[part].title;
    return NULL;
}

size_t option_index(const struct option_row *row)
{
    size_t i = 0;

    for (size_t part = 0; part < N_PARTS; part++)
        for (const struct option_row *r = parts[part].rows; r->name; r++, i++)
            if (r == row)
                return i;
    return SIZE_MAX;
}

static bool same_beginning(const char *ours, const char *typed, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ours[i] != (typed[i] == '-' ? '_' : typed[i]))
            return false;
    return true;
}

static bool same_name(const char *ours, const char *typed, size_t n)
{
    return same_beginning(ours, typed, n) && ours[n] == '\0';
}

const struct option_row *option_find(const char *name, size_t n)
{
    for (size_t part = 0; part < N_PARTS; part++)
        for (const struct option_row *row = parts[part].rows; row->name; row++)
            if (same_name(row->name, name, n) || (row->alias && same_name(row->alias, name, n)))
                return row;
    return NULL;
}

/* Keep the nearer of *best and `candidate`. A third of the letters may be wrong, and one always; a beginning is near too. */
static void nearer(const char **best, size_t *distance, const char *candidate, const char *word, size_t n)
{
    size_t limit = n < 6 ? 1 + (n > 2) : n / 3;
    size_t d = n >= 3 && same_beginning(candidate, word, n) ? 1 : edit_distance(candidate, strlen(candidate), word, n);

    if (d <= limit && d < *distance) {
        *best = candidate;
        *distance = d;
    }
}

const char *option_suggest(const char *name, size_t n)
{
    const char *best = NULL;
    size_t distance = SIZE_MAX;

    for (size_t part = 0; part < N_PARTS && n <= NEAREST_WORD_MAX; part++)
        for (const struct option_row *row = parts[part].rows; row->name; row++) {
            if (row->state != OPTION_BUILT && row->state != OPTION_LATER)
                continue;
            nearer(&best, &distance, row->name, name, n);
            if (row->alias)
                nearer(&best, &distance, row->alias, name, n);
        }
    return best;
}

const char *choice_suggest(const struct option_choice *choices, const char *word, size_t n)
{
    const char *best = NULL;
    size_t distance = SIZE_MAX;

    for (; choices->name && n <= NEAREST_WORD_MAX; choices++)
        if (!choices->later)
            nearer(&best, &distance, choices->name, word, n);
    return best;
}
