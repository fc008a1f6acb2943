/* SPDX-License-Identifier: MIT */
/* An export as a person types it: "name=disk,path=/srv/disk.img,readonly". Pure. */
#ifndef NBD_EXPORT_SPEC_H
#define NBD_EXPORT_SPEC_H

#include <stdbool.h>

struct export_spec {
    char *name; /* "" if not given */
    char *path;
    char *description; /* or NULL */
    bool readonly;
    bool direct; /* O_DIRECT */
    bool force;  /* writable although the device is in use */
};

/*
 * Parse it: key=value pairs and bare words with commas between them; a comma in a value is written twice. `direct` is what
 * holds unless the text says otherwise. 0, to be freed; or -EINVAL, -ENOMEM, and *errmsg says why.
 */
int export_spec_parse(struct export_spec *spec, const char *text, bool direct, char **errmsg);
void export_spec_free(struct export_spec *spec);

/* Do both mean the same file, opened in the same way? */
bool export_spec_equal(const struct export_spec *a, const struct export_spec *b);

#endif
