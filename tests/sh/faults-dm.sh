#!/bin/bash
# SPDX-License-Identifier: MIT
# Block devices that fail, stall and vanish, by the kernel's device mapper over a loop device.
set -euo pipefail
# shellcheck source=tests/sh/file-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/file-functions.sh"
need_namespace "$@"

# shellcheck disable=SC2154 # real_root, dir and file_ops are set by file-functions.sh
[ "$real_root" = yes ] || skip "only root can make devices"
for tool in dmsetup losetup; do
    command -v $tool >"$dir/out" || skip "there is no $tool"
done
dmsetup version >"$dir/out" 2>&1 || skip "this kernel has no device mapper"

# The loop device goes away when its last user does; the mapped one is removed by a process that outlives this one, however
# that ends.
name=lariat-test-$$-$RANDOM
device=/dev/mapper/$name
truncate -s 1m "$dir/disk"
disk=$(losetup --find --show "$dir/disk" 2>"$dir/out") || skip "no loop device: $(cat "$dir/out")"
exec {disk_fd}<>"$disk"
losetup -d "$disk"
exec {alive_fd}> >(exec setsid bash -c "trap '' TERM INT HUP; cat; dmsetup info '$name' && dmsetup remove --force --retry '$name'" \
    >/dev/null 2>&1 {disk_fd}>&-)
remover=$!
remove()
{
    exec {alive_fd}>&-
    wait $remover || true
}
trap remove EXIT

table() # LINE...: give the device this table, and make it if there is none
{
    if [ -e "$device" ]; then
        dmsetup suspend --noflush "$name" && printf '%s\n' "$@" | dmsetup load "$name" && dmsetup resume "$name"
    else
        printf '%s\n' "$@" | dmsetup create "$name" && dmsetup mknodes "$name"
    fi
}

has_target() { dmsetup targets | grep -q "^$1 "; }

# Bad from 64 KiB on
table "0 128 linear $disk 0" "128 1920 error"
ops wd "$device" "write:0:65536 65536" "write:65536:8192 EIO" "full-write:0:131072 EIO" "full-writev:65536:65536 EIO" \
    "read:65536:8192 EIO" "full-read:0:131072 EIO" "full-file-readv:65536:65536 EIO" "discard:65536:4096 (EIO|EOPNOTSUPP)" \
    "+write:65536:4096 EIO" "+read:0:4096 4096" "+full-read:131072:4096 EIO" wait "zeroes:65536:65536 EIO" "check:0:65536 65536"
# A write that stays in memory; the sync tells, once.
ops w "$device" "full-write:0:131072 131072" "fsync EIO" "fsync 0" "file-fsync 0" "write:0:4096 4096" "fsync 0"

# The disk is pulled out from under its user, and comes back.
table "0 2048 linear $disk 0"
ops wd "$device" "write:0:65536 65536" "sh:dmsetup wipe_table '$name'" "read:0:4096 EIO" "write:0:4096 EIO" \
    "full-write:0:65536 EIO" "fsync (EIO|0)" "zeroes:0:4096 EIO"
table "0 2048 linear $disk 0"
ops wd "$device" "check:0:65536 65536" "write:0:4096 4096" "fsync 0"

# It stalls, and the loop does not; then it goes on, or is gone.
for steps in "dmsetup resume '$name'" "echo 0 2048 error | dmsetup load '$name' && dmsetup resume '$name'"; do
    [ "${steps%%resume*}" = "dmsetup " ] && result='[0-9]+' || result=EIO
    ops wd "$device" "sh:dmsetup suspend --noflush --nolockfs '$name'" "+read:0:4096 $result" "+full-read:65536:65536 $result" \
        "+write:131072:4096 $result" "+fsync (0|EIO)" "alive" "alive" "sh:$steps" wait
done

if has_target delay; then
    table "0 2048 delay $disk 0 50"
    ops wd "$device" "+read:0:4096 4096" "+full-write:65536:65536 65536" "alive" wait "+write:0:4096 4096" "+fsync 0"
else
    skip_part "this kernel has no dm-delay"
fi
if has_target flakey; then
    table "0 2048 flakey $disk 0 0 3600 1 error_writes"
    ops wd "$device" "read:0:4096 4096" "write:0:4096 EIO" "full-write:0:65536 EIO" "full-writev:65536:65536 EIO" \
        "full-read:0:65536 65536"
    ops w "$device" "write:0:4096 4096" "fsync EIO" # and so are those that follow: a flush counts as a write here
else
    skip_part "this kernel has no dm-flakey"
fi
