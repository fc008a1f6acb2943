/* SPDX-License-Identifier: MIT */
/* Which files a job works on, by name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target.h"
#include "target_parts.h"

/* The length of the first path of a list, up to a ':' without a backslash before it. */
static size_t first_path(const char *list)
{
    size_t n = 0;

    while (list[n] && list[n] != ':')
        n += list[n] == '\\' && list[n + 1] == ':' ? 2 : 1;
    return n;
}

/* Take the backslash out of "\:". */
static void unescape(char *path)
{
    char *to = path;

    for (; *path; path++)
        if (!(path[0] == '\\' && path[1] == ':'))
            *to++ = *path;
    *to = '\0';
}

/* Directory number `turn` of the list, over and over; NULL and -EINVAL: it is empty. */
static char *pick_directory(const char *list, unsigned turn)
{
    unsigned n = 1;
    const char *p = list;

    if (access(list, F_OK) == 0) /* as it stands, whatever colons it has */
        return strdup(list);
    for (const char *q = list + first_path(list); *q; q += 1 + first_path(q + 1))
        n++;
    for (turn %= n; turn; turn--)
        p += first_path(p) + 1;
    char *directory = strndup(p, first_path(p));

    if (directory)
        unescape(directory);
    return directory;
}

static char *join_path(const struct job_options *job, unsigned clone, const char *name, size_t n)
{
    char *path = NULL, *directory;

    if (!job->directory || name[0] == '/')
        return strndup(name, n);
    directory = pick_directory(job->directory, clone);
    if (directory && asprintf(&path, "%s/%.*s", directory, (int)n, name) < 0)
        path = NULL;
    free(directory);
    return path;
}

static int add_target(struct target_set *set, char *path)
{
    struct target *targets = path ? reallocarray(set->targets, set->n + 1, sizeof(*targets)) : NULL;

    if (!targets) {
        free(path);
        return -ENOMEM;
    }
    set->targets = targets;
    targets[set->n++] = (struct target){ .path = path, .fd = -1, .offset_align = 1 };
    return 0;
}

/* What stands for "$word" at text; NULL: nothing does. *n: its length. */
static const char *expand(const char *text, const struct job_options *job, unsigned clone, unsigned file, char number[16],
                          size_t *n)
{
    static const char *const words[] = { "$jobname", "$jobnum", "$filenum", "$clientuid" };
    size_t i = 0;

    while (i < 4 && strncmp(text, words[i], strlen(words[i])) != 0)
        i++;
    if (i == 4)
        return NULL;
    *n = strlen(words[i]);
    if (i == 0)
        return job->name;
    if (i == 3)
        return "";
    snprintf(number, 16, "%u", i == 1 ? clone : file);
    return number;
}

#define GENERATED_MAX 512

/* The name of file number `file`, by filename_format. */
static int generate(char name[GENERATED_MAX], const struct job_options *job, unsigned clone, unsigned file)
{
    const char *text = job->filename_format ? job->filename_format : "$jobname.$jobnum.$filenum";
    size_t at = 0, n;
    char number[16];

    while (*text && at < GENERATED_MAX) {
        const char *word = expand(text, job, clone, file, number, &n);

        if (word) {
            at += (size_t)snprintf(name + at, GENERATED_MAX - at, "%s", word);
            text += n;
        } else {
            name[at++] = *text++;
        }
    }
    if (at >= GENERATED_MAX)
        return -ENAMETOOLONG;
    name[at] = '\0';
    return 0;
}

static int generate_all(struct target_set *set, const struct job_options *job, unsigned clone)
{
    char name[GENERATED_MAX];
    int rc = 0;

    for (unsigned i = 0; i < job->nrfiles && !rc; i++) {
        rc = generate(name, job, clone, i);
        if (rc)
            return target_complain(job, rc, "--filename_format: the names would be too long");
        rc = add_target(set, join_path(job, clone, name, strlen(name)));
    }
    return rc;
}

/* A --filename that exists as it stands is one path, whatever colons it has (/dev/disk/by-path). */
int target_names(struct target_set *set, const struct job_options *job, unsigned clone)
{
    const char *list = job->filename;
    char *whole;

    if (!list)
        return generate_all(set, job, clone);
    if (!(whole = join_path(job, clone, list, strlen(list))))
        return -ENOMEM;
    if (access(whole, F_OK) == 0 || !strchr(list, ':'))
        return add_target(set, whole);
    free(whole);
    for (;;) {
        size_t n = first_path(list);
        char *path = n ? join_path(job, clone, list, n) : NULL;

        if (!n)
            return target_complain(job, -EINVAL, "--filename=%s: there is an empty path in it", job->filename);
        if (path)
            unescape(path);
        int rc = add_target(set, path);

        if (rc || !list[n])
            return rc;
        list += n + 1;
    }
}
