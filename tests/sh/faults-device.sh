#!/bin/bash
# SPDX-License-Identifier: MIT
# Block devices that fail: loop devices over files of tests/fault/faulty_fs. They are bad from 64 KiB on.
set -euo pipefail
# shellcheck source=tests/sh/file-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/file-functions.sh"
need_namespace "$@"

# shellcheck disable=SC2154 # real_root, dir, file_ops and server are set by file-functions.sh
[ "$real_root" = yes ] || skip "only root can make loop devices"
faulty=$dir/faulty mounted=$dir/mounted
mkdir "$faulty" "$mounted"
serve "$faulty" || skip "a FUSE file system cannot be mounted"
! "$file_ops" wl "$faulty/good-0" | grep -q "no loop device" || skip "no loop device to be had"

# Past the page cache the error is that of the op.
for pair in EIO=5 ENOSPC=28 ENODEV=19; do
    name=${pair%=*} number=${pair#*=}
    ops wdl "$faulty/write-$number" "write:0:65536 65536" "write:65536:8192 $name" "full-write:0:131072 $name" \
        "writev:65536:65536 $name" "full-writev:65536:65536 $name" "file-write:65536:4096 $name" \
        "full-file-writev:65536:65536 $name" "+write:65536:4096 $name" "+write:0:4096 4096" "+full-write:131072:4096 $name" wait \
        "check:0:65536 65536" "fsync 0"
done
ops wdl "$faulty/read-5" "write:0:131072 131072" "read:65536:8192 EIO" "full-read:0:131072 EIO" "readv:65536:65536 EIO" \
    "full-file-readv:65536:65536 EIO" "+read:65536:4096 EIO" "+full-read:0:65536 65536" wait "check:0:65536 65536"
ops rl "$faulty/read-5" "check:0:65536 65536" "read:65536:4096 EIO" "full-read:65536:8192 EIO"

# Through the page cache a write succeeds, and the next sync tells that it did not reach the device. Once.
ops wl "$faulty/write-5" "write:65536:8192 8192" "fsync EIO" "fsync 0" "file-fsync 0" "full-writev:131072:65536 65536" \
    "fdatasync EIO" "fdatasync 0" "write:0:65536 65536" "fsync 0"
ops wl "$faulty/fsync-5" "write:0:4096 4096" "fsync EIO" "file-fsync EIO" "fdatasync EIO"

# Discards: failing, and not there in spite of what the device said at first.
ops wl "$faulty/fallocate-5" "discard:65536:65536 EIO" "zeroes:65536:65536 (EIO|0)" "discard:0:65536 0" \
    "zeroes:0:65536 0"
ops wl "$faulty/fallocate-95" "discard:65536:65536 EOPNOTSUPP" "zeroes:65536:65536 0" \
    "write:65536:4096 4096" "check:65536:4096 4096" "discard:65536:65536 EOPNOTSUPP"

# A file system on a disk that goes bad and is mended.
for mode in w wd; do
    mkfs.ext4 -q -F -m 0 -O ^has_journal "$faulty/write-later5" >"$dir/mkfs" 2>&1
    mount -o loop "$faulty/write-later5" "$mounted"
    : >"$mounted/file"
    if [ $mode = w ]; then
        steps=("write:0:65536 65536" "write:65536:65536 65536" "fsync EIO" "fsync 0" "file-fsync 0")
    else
        steps=("write:0:65536 EIO" "full-write:65536:65536 EIO" "writev:0:65536 EIO" "file-write:0:4096 EIO" "fsync (0|EIO)")
    fi
    ops $mode "$mounted/file" "write:0:65536 65536" "fsync 0" "sh:echo bad >'$faulty/control'" "${steps[@]}" "read:0:4096 4096" \
        "sh:echo good >'$faulty/control'" "write:0:65536 65536" "fsync (0|EIO)" "fsync 0" "check:0:65536 65536"
    umount "$mounted"
done

# Slow, and then gone: what is in flight ends with EIO, as does all that follows. Not side by side, or the kernel joins them.
ops wdl "$faulty/read-hold" "+read:65536:4096 4096" "+read:131072:4096 4096" "+full-read:262144:4096 4096" "read:0:4096 4096" \
    "alive" "sh:echo 3 0 >'$faulty/control'" wait "+read:65536:4096 EIO" "+full-read:196608:4096 EIO" \
    "sh:echo 2 5 >'$faulty/control'" wait "+read:65536:4096 EIO" "+full-readv:131072:65536 EIO" \
    "sh:echo 2 -1 >'$faulty/control' && kill $server" wait "read:0:4096 EIO" "write:0:4096 EIO" "full-write:0:65536 EIO" \
    "fsync EIO" "discard:0:4096 EIO" "zeroes:0:4096 EIO"
