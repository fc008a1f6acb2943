/* SPDX-License-Identifier: MIT */
#include "export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "message.h"
#include "range_lock.h"

#define BLOCK_PREFERRED 4096u

static struct lariat_file_info info_of(const struct export *export)
{
    struct lariat_file_info info = LARIAT_FILE_INFO_INIT;

    lariat_file_get_info(export->file, &info);
    return info;
}

/* Is the file something to serve in this way? */
static int check(const struct export *export, char **errmsg)
{
    const struct export_spec *spec = &export->spec;
    struct lariat_file_info info = info_of(export);

    if (info.kind != LARIAT_FILE_REGULAR && info.kind != LARIAT_FILE_BLOCK)
        return refuse(errmsg, -EINVAL, "%s is neither a regular file nor a block device", spec->path);
    if (info.mounted && !spec->readonly && !spec->force)
        return refuse(
            errmsg, -EBUSY,
            "%s is mounted or in use: serving it for writing destroys data; 'readonly' or 'force' lets it be served",
            spec->path);
    if (info.size_bytes % export->align)
        return refuse(errmsg, -EINVAL, "%s: its size is no multiple of %u, as direct I/O needs; use cache=writeback",
                      spec->path, export->align);
    return 0;
}

static int prepare(struct export *export, char **errmsg)
{
    struct stat st;

    struct lariat_file_info info = info_of(export);

    export->align = info.dio_offset_align;
    export->nowait = info.supports_nowait;
    int rc = check(export, errmsg);
    if (rc)
        return rc;
    if (fstat(lariat_file_fd(export->file), &st))
        return refuse(errmsg, -errno, "%s: %s", export->spec.path, strerror(errno));
    export->dev = st.st_dev;
    export->ino = st.st_ino;
    if (export->align > 1 && !export->spec.readonly && !(export->ranges = range_lock_new()))
        return -ENOMEM;
    return 0;
}

int export_open(struct export_spec *spec, struct export **out, char **errmsg)
{
    struct export *export = calloc(1, sizeof(*export));

    *errmsg = NULL;
    if (!export) {
        export_spec_free(spec);
        return -ENOMEM;
    }
    atomic_init(&export->refs, 1);
    export->spec = *spec;
    *spec = (struct export_spec){ .name = NULL };
    int rc = lariat_file_open(export->spec.path,
                              (export->spec.readonly ? O_RDONLY : O_RDWR) | (export->spec.direct ? O_DIRECT : 0), 0,
                              &export->file, errmsg);
    if (!rc)
        rc = prepare(export, errmsg);
    if (rc) {
        export_unref(export);
        return rc;
    }
    *out = export;
    return 0;
}

struct export *export_ref(struct export *export)
{
    atomic_fetch_add_explicit(&export->refs, 1, memory_order_relaxed);
    return export;
}

void export_unref(struct export *export)
{
    if (!export || atomic_fetch_sub_explicit(&export->refs, 1, memory_order_acq_rel) != 1)
        return;
    lariat_file_close(export->file);
    range_lock_free(export->ranges);
    export_spec_free(&export->spec);
    free(export);
}

bool export_is_current(const struct export *export)
{
    struct stat st;

    return stat(export->spec.path, &st) == 0 && st.st_dev == export->dev && st.st_ino == export->ino;
}

int export_agree(struct export *export, struct agreement *agreement)
{
    int rc = lariat_file_refresh(export->file);
    struct lariat_file_info info = info_of(export);
    unsigned flags = NBD_FLAG_HAS_FLAGS | NBD_FLAG_CAN_MULTI_CONN;

    if (rc)
        return rc;
    if (export->spec.readonly)
        flags |= NBD_FLAG_READ_ONLY;
    else
        flags |= NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_FUA | NBD_FLAG_SEND_TRIM | NBD_FLAG_SEND_WRITE_ZEROES |
                 NBD_FLAG_SEND_FAST_ZERO;
    if (info.rotational)
        flags |= NBD_FLAG_ROTATIONAL;
    if (!info.direct)
        flags |= NBD_FLAG_SEND_CACHE;
    *agreement = (struct agreement){ .size_bytes = (uint64_t)info.size_bytes & ~(uint64_t)(export->align - 1),
                                     .flags = (uint16_t)flags,
                                     .block_min = export->align,
                                     .block_preferred = export->align > BLOCK_PREFERRED ? export->align : BLOCK_PREFERRED };
    return 0;
}
