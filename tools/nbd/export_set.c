/* SPDX-License-Identifier: MIT */
#include "export_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

/* The old one that is the same and still good, with a reference; or NULL. */
static struct export *take_over(const struct export_set *old, const struct export_spec *spec)
{
    for (size_t i = 0; old && i < old->n; i++)
        if (export_spec_equal(&old->exports[i]->spec, spec) && export_is_current(old->exports[i]))
            return export_ref(old->exports[i]);
    return NULL;
}

static int add(struct export_set *set, const struct export_source *source, const char *text, const struct export_set *old,
               char **errmsg)
{
    struct export **exports = realloc(set->exports, (set->n + 1) * sizeof(struct export *));
    struct export_spec spec;

    if (!exports)
        return -ENOMEM;
    set->exports = exports;
    int rc = export_spec_parse(&spec, text, source->direct, errmsg);
    if (rc)
        return rc;
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->exports[i]->spec.name, spec.name) == 0) {
            rc = refuse(errmsg, -EEXIST, "two exports have the name '%s'", spec.name);
            export_spec_free(&spec);
            return rc;
        }
    struct export *export = take_over(old, &spec);
    if (export)
        export_spec_free(&spec);
    else
        rc = export_open(&spec, &export, errmsg);
    if (!rc)
        set->exports[set->n++] = export;
    return rc;
}

static int add_file(struct export_set *set, const struct export_source *source, const struct export_set *old, char **errmsg)
{
    FILE *file = fopen(source->file, "re");
    char *line = NULL;
    size_t size = 0;
    int rc = 0;

    if (!file)
        return refuse(errmsg, -errno, "cannot read %s: %s", source->file, strerror(errno));
    while (!rc && getline(&line, &size, file) >= 0) {
        char *text = line + strspn(line, " \t");

        text[strcspn(text, "\r\n")] = '\0';
        if (*text && *text != '#')
            rc = add(set, source, text, old, errmsg);
    }
    if (!rc && ferror(file))
        rc = refuse(errmsg, -EIO, "cannot read %s", source->file);
    free(line);
    fclose(file);
    return rc;
}

int export_set_load(const struct export_source *source, const struct export_set *old, struct export_set **out, char **errmsg)
{
    struct export_set *set = calloc(1, sizeof(*set));
    int rc = set ? 0 : -ENOMEM;

    *errmsg = NULL;
    if (set)
        atomic_init(&set->refs, 1);
    for (size_t i = 0; !rc && i < source->n_specs; i++)
        rc = add(set, source, source->specs[i], old, errmsg);
    if (!rc && source->file)
        rc = add_file(set, source, old, errmsg);
    if (rc) {
        export_set_unref(set);
        if (!*errmsg)
            refuse(errmsg, rc, "%s", strerror(-rc));
        return rc;
    }
    *out = set;
    return 0;
}

struct export_set *export_set_ref(struct export_set *set)
{
    atomic_fetch_add_explicit(&set->refs, 1, memory_order_relaxed);
    return set;
}

void export_set_unref(struct export_set *set)
{
    if (!set || atomic_fetch_sub_explicit(&set->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < set->n; i++)
        export_unref(set->exports[i]);
    free(set->exports);
    free(set);
}

struct export *export_set_find(const struct export_set *set, const void *name, size_t n)
{
    for (size_t i = 0; i < set->n; i++)
        if (strlen(set->exports[i]->spec.name) == n && memcmp(set->exports[i]->spec.name, name, n) == 0)
            return set->exports[i];
    return n == 0 && set->n > 0 ? set->exports[0] : NULL;
}
