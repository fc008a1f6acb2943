#!/bin/bash
# SPDX-License-Identifier: MIT
# Files that fail with each error a disk or a network file system has, that are slow, and whose file system goes away.
set -euo pipefail
# shellcheck source=tests/sh/file-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/file-functions.sh"
need_namespace "$@"

faulty=$dir/faulty lazy=$dir/lazy
mkdir "$faulty" "$lazy"
serve -w "$lazy" || skip "a FUSE file system cannot be mounted: /dev/fuse is missing or not for this user"
serve "$faulty" || fail "a second file system could not be mounted"

writes_fail() # MODE NAME NUMBER
{
    ops "$1" "$faulty/write-$3" "write:0:65536 65536" "write:65536:8192 $2" "full-write:65536:262144 $2" \
        "writev:65536:65536 $2" "full-writev:65536:65536 $2" "file-write:65536:4096 $2" \
        "full-file-writev:65536:65536 $2" "+write:65536:4096 $2" "+write:0:4096 4096" "+file-write:131072:4096 $2" \
        wait "check:0:65536 65536" "fsync 0"
}

reads_fail() # NAME NUMBER; past the page cache, and through it
{
    ops wd "$faulty/read-$2" "write:0:131072 131072" "read:65536:8192 $1" "full-read:0:262144 $1" \
        "readv:65536:65536 $1" "full-readv:65536:65536 $1" "file-read:65536:4096 $1" "full-file-readv:65536:65536 $1" \
        "+read:65536:4096 $1" "+full-read:0:65536 65536" wait "check:0:65536 65536"
    ops w "$faulty/read-$2" "read:65536:4096 (EIO|$1)" "check:0:65536 65536"
}

others_fail() # NAME NUMBER
{
    ops w "$faulty/fallocate-$2" "fallocate:65536:65536 $1" "zeroes:65536:65536 $1" "discard:65536:65536 $1" \
        "fallocate:0:65536 0" "zeroes:0:65536 0" "discard:0:65536 0"
    ops w "$faulty/fsync-$2" "write:0:4096 4096" "fsync $1" "fdatasync $1" "file-fsync $1"
}

# What lies below 65536 is good. Full transfers tell the error, others too if it comes first.
for pair in ENOSPC=28 EDQUOT=122 EFBIG=27 EROFS=30 ENXIO=6 ETIMEDOUT=110; do
    writes_fail w ${pair%=*} ${pair#*=}
done
for pair in EIO=5 ENODEV=19; do
    writes_fail w ${pair%=*} ${pair#*=}
    writes_fail wd ${pair%=*} ${pair#*=}
    reads_fail ${pair%=*} ${pair#*=}
    others_fail ${pair%=*} ${pair#*=}
done
reads_fail ENXIO 6
others_fail ENOSPC 28
others_fail EDQUOT 122

# What is not supported is said; a full transfer bears an interruption.
ops w "$faulty/fallocate-95" "zeroes:65536:4096 EOPNOTSUPP" "discard:65536:4096 EOPNOTSUPP" "fallocate:65536:4096 EOPNOTSUPP"
ops w "$faulty/write-once4" "write:65536:4096 EINTR" "write:65536:4096 4096"


# Short: a half, and the half of what is left ...
ops w "$faulty/write-short" "write:65536:8192 4096" "full-write:65536:262144 262144" "check:65536:262144 262144" \
    "full-writev:327680:65536 65536" "full-file-write:393216:12288 12288" "check:327680:65536 65536"
ops wd "$faulty/read-short" "write:0:524288 524288" "check:65536:65536 32768" "full-read:0:262144 262144" \
    "full-readv:65536:65536 65536" "full-file-read:65536:65536 65536"

# Writes that fail in memory: the next sync tells it, once (Linux 6.1 here: twice), and so it is after the next write.
ops w "$lazy/write-5" "write:65536:8192 8192" "fsync EIO" "fsync 0" "file-fsync 0" "write:65536:4096 4096" \
    "fdatasync EIO" "fdatasync 0" "write:0:4096 4096" "fsync 0"
ops w "$lazy/write-28" "full-write:0:262144 262144" "file-fsync ENOSPC" "fsync (0|ENOSPC)" "fdatasync 0"
ops w "$lazy/fsync-once5" "write:0:4096 4096" "fsync EIO" "fsync 0"

# Slow ones: the loop goes on, and does what else there is to do. Then they succeed or fail. "sh:" waits until they are there.
ops wd "$faulty/read-hold" "+read:65536:4096 4096" "+read:69632:4096 4096" "+full-read:98304:65536 65536" "alive" \
    "write:0:4096 4096" "sh:echo 3 0 >'$faulty/control'" wait \
    "+read:65536:4096 EIO" "+full-read:69632:8192 EIO" "read:0:4096 4096" "alive" "sh:echo 2 5 >'$faulty/control'" wait
# Where a worker thread of the kernel waits, it can be cancelled.
ops w "$faulty/write-hold" "+write:65536:4096 ECANCELED" "sh:echo 1 -1 >'$faulty/control'" "cancel 0" wait \
    "+full-write:65536:4096 ECANCELED" "sh:echo 1 -1 >'$faulty/control'" "cancel 0" wait "write:0:4096 4096"
# The loop's end waits for them.
ops wd "$faulty/read-hold" "+read:65536:4096 EIO" "+full-read:69632:8192 EIO" "alive" \
    "sh:(echo 2 -1 >'$faulty/control'; sleep 0.1; echo 2 5 >'$faulty/control') >/dev/null 2>&1 &"

# The file system goes away under them, and stays away.
ops wd "$faulty/read-hold" "+read:65536:4096 (ECONNABORTED|ENOTCONN)" "+full-read:69632:8192 (ECONNABORTED|ENOTCONN)" \
    "+readv:131072:65536 (ECONNABORTED|ENOTCONN)" "sh:echo 3 -1 >'$faulty/control' && kill $server" wait \
    "read:0:4096 ENOTCONN" "write:0:4096 ENOTCONN" "fsync ENOTCONN" "fallocate:0:4096 ENOTCONN" "discard:0:4096 ENOTCONN"
