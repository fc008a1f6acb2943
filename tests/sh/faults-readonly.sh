#!/bin/bash
# SPDX-License-Identifier: MIT
# File systems that cannot be written to: mounted read-only, made read-only by an error while a file is open, and shut down.
set -euo pipefail
# shellcheck source=tests/sh/file-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/file-functions.sh"
need_namespace "$@"

mkdir "$dir/tmpfs" "$dir/ext4"
mount -t tmpfs none "$dir/tmpfs"
: >"$dir/tmpfs/file"
ops w "$dir/tmpfs/file" "write:0:8192 8192"
mount -o remount,bind,ro "$dir/tmpfs"

# It cannot be opened for writing, and the reason is said.
out=$("$file_ops" w "$dir/tmpfs/file" 2>&1)
grep -qF "open EROFS: cannot open '$dir/tmpfs/file': Read-only file system" <<<"$out" || fail "opening did not say why not"
ops r "$dir/tmpfs/file" "check:0:8192 8192" "file-readv:0:8192 8192" "write:0:4096 EBADF" "file-write:0:4096 EBADF" \
    "full-file-write:0:4096 EBADF" "fallocate:0:4096 EBADF" "zeroes:0:4096 EBADF" "discard:0:4096 EBADF" "fsync 0"

# shellcheck disable=SC2154 # set by need_namespace
[ "$real_root" = yes ] || {
    skip_part "ext4 did not become read-only and was not shut down: that takes root"
    exit 0
}

fresh_ext4() # sets device
{
    umount -q "$dir/ext4" || true
    rm -f "$dir/image"
    truncate -s 3m "$dir/image"
    mkfs.ext4 -q -F "$dir/image"
    mount -o loop,errors=remount-ro "$dir/image" "$dir/ext4" 2>/dev/null || {
        skip_part "ext4 did not become read-only and was not shut down: no loop device to be had"
        exit 0
    }
    device=$(losetup -n -O NAME -j "$dir/image")
    : >"$dir/ext4/file"
}

steps_with() # NEW OVERWRITE: the results of what needs new blocks, and of writing where there are some
{
    steps=("write:0:65536 $2" "full-write:0:65536 $2" "writev:0:65536 $2" "full-writev:0:65536 $2"
        "file-write:0:65536 $2" "full-file-writev:0:65536 $2"
        "fallocate:0:1048576 $1" "zeroes:0:65536 $1" "discard:0:4096 $1"
        "+write:0:4096 $2" "+fallocate:0:1048576 $1" "+full-write:0:8192 $2" wait)
}

for mode in w wd; do
    # As after an error of the device: what is in memory can still be read. Linux 6.1 also writes where blocks are.
    fresh_ext4
    steps_with EROFS '(EROFS|[0-9]+)'
    ops $mode "$dir/ext4/file" "write:0:65536 65536" "fsync 0" "write:0:4096 4096" \
        "sh:echo 1 >/sys/fs/ext4/${device#/dev/}/trigger_fs_error" "${steps[@]}" \
        "write:65536:4096 $([ $mode = wd ] && echo EROFS || echo '(EROFS|4096)')" \
        "fsync (EROFS|EIO|0)" "fdatasync (EROFS|EIO|0)" "file-fsync (EROFS|EIO|0)" "check:0:65536 65536" "read:4096:4096 4096"
    # Nothing goes any more.
    fresh_ext4
    steps_with EIO EIO
    ops $mode "$dir/ext4/file" "write:0:65536 65536" "write:0:4096 4096" shutdown "${steps[@]}" "write:65536:4096 EIO" \
        "fsync EIO" "fdatasync EIO" "file-fsync EIO" "read:0:4096 EIO" "full-readv:0:65536 EIO" "file-read:0:4096 EIO"
done
