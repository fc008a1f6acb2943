#!/bin/bash
# SPDX-License-Identifier: MIT
# File systems that are full: a write gets what there is, or ENOSPC; what needs no new space still works; and when there is
# space again, so does everything.
set -euo pipefail
# shellcheck source=tests/sh/file-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/file-functions.sh"
need_namespace "$@"

# Leaves no block free. Again after each sync, which gives back what had been reserved in vain.
cat >"$dir/fill" <<'END'
for i in 1 2 3; do
    dd if=/dev/zero bs=4k oflag=append conv=notrunc of="$1/ballast" 2>/dev/null
    sync -f "$1"
done
true
END

fill_up() # MODE FOLDER
{
    rm -f "$2/file" "$2/ballast"
    : >"$2/file"
    ops "$1" "$2/file" \
        "write:0:65536 65536" "fsync 0" "sh:sh '$dir/fill' '$2'" \
        "write:65536:65536 ENOSPC" "full-write:65536:65536 ENOSPC" "writev:65536:65536 ENOSPC" \
        "full-writev:65536:65536 ENOSPC" "file-write:65536:65536 ENOSPC" "full-file-write:65536:65536 ENOSPC" \
        "file-writev:65536:65536 ENOSPC" "full-file-writev:65536:65536 ENOSPC" \
        "write:32768:65536 (32768|ENOSPC)" "full-write:32768:65536 ENOSPC" "full-file-write:32768:65536 ENOSPC" \
        "fallocate:65536:65536 ENOSPC" "zeroes:65536:65536 (ENOSPC|EOPNOTSUPP)" "fsync 0" "fdatasync 0" "file-fsync 0" \
        "+write:65536:4096 ENOSPC" "+full-write:69632:4096 ENOSPC" "+file-write:73728:4096 ENOSPC" \
        "+read:0:4096 4096" "+write:0:4096 4096" "+fsync 0" wait \
        "write:0:65536 65536" "zeroes:0:4096 0" "write:0:65536 65536" "check:0:65536 65536" "alive" \
        "sh:rm '$2/ballast'" \
        "write:65536:65536 65536" "full-writev:131072:65536 65536" "file-write:196608:32768 32768" "fallocate:229376:65536 0" \
        "fsync 0" "check:0:229376 229376"
}

mkdir "$dir/tmpfs" "$dir/ext4"
mount -t tmpfs -o size=1m none "$dir/tmpfs"
fill_up w "$dir/tmpfs" # the file calls write inline
truncate -s 0 "$dir/tmpfs/file"
ops w "$dir/tmpfs/file" "write:0:2097152 1048576" "file-writev:1044480:16384 4096" "full-file-writev:1044480:16384 ENOSPC"

# shellcheck disable=SC2154 # set by need_namespace
[ "$real_root" = yes ] || skip_part "ext4 was not filled up: that takes root"
if [ "$real_root" = yes ]; then
    truncate -s 3m "$dir/image"
    mkfs.ext4 -q -F -m 0 "$dir/image"
    if mount -o loop "$dir/image" "$dir/ext4" 2>/dev/null; then
        fill_up w "$dir/ext4"
        fill_up wd "$dir/ext4"
    else
        skip_part "ext4 was not filled up: no loop device to be had"
    fi
fi
