/* SPDX-License-Identifier: MIT */
#include "device_guard.h"

#include <blkid.h>
#include <errno.h>
#include <stdio.h>

#define BLKID_NOTHING 1
#define BLKID_AMBIVALENT (-2)

static int describe(blkid_probe probe, char *why, size_t why_size)
{
    const char *type = NULL, *label = NULL;

    if (blkid_probe_lookup_value(probe, "TYPE", &type, NULL) == 0) {
        if (blkid_probe_lookup_value(probe, "LABEL", &label, NULL))
            label = NULL;
        snprintf(why, why_size, "it holds %s%s%s%s", type, label ? " (" : "", label ? label : "", label ? ")" : "");
    } else if (blkid_probe_lookup_value(probe, "PTTYPE", &type, NULL) == 0) {
        snprintf(why, why_size, "it holds a partition table (%s)", type);
    } else {
        snprintf(why, why_size, "it holds a signature that blkid knows");
    }
    return -EBUSY;
}

int device_guard(const char *path, const struct lariat_file_info *info, char *why, size_t why_size)
{
    if (info->mounted) {
        snprintf(why, why_size, "it is mounted, swap, or used by another driver");
        return -EBUSY;
    }
    errno = 0;
    blkid_probe probe = blkid_new_probe_from_filename(path);
    if (!probe) {
        int rc = errno ? -errno : -EIO;

        snprintf(why, why_size, "libblkid cannot look what it holds");
        return rc;
    }
    int rc = 0;

    blkid_probe_enable_superblocks(probe, 1);
    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL);
    blkid_probe_enable_partitions(probe, 1);
    switch (blkid_do_safeprobe(probe)) {
    case 0: rc = describe(probe, why, why_size); break;
    case BLKID_NOTHING: break;
    case BLKID_AMBIVALENT:
        snprintf(why, why_size, "it holds several signatures at once");
        rc = -EBUSY;
        break;
    default: snprintf(why, why_size, "libblkid failed to look what it holds"); rc = -EIO;
    }
    blkid_free_probe(probe);
    return rc;
}
