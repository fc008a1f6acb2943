#!/bin/bash
# SPDX-License-Identifier: MIT
# RLIMIT_FSIZE: what crosses the limit is short, what lies beyond it is EFBIG, and a full transfer tells the error.
set -euo pipefail
# shellcheck source=tests/sh/file-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/file-functions.sh"

file=
trap 'rm -f "$file"' EXIT
ulimit -f 17 # KiB, so that the limit is no multiple of 4096

limited() # MODE FOLDER
{
    file=$(mktemp "$2/lariat-limit.XXXXXX")
    ops "$1" "$file" \
        "write:0:65536 17408" "write:17408:1024 EFBIG" "write:20480:4096 EFBIG" "write:8192:4096 4096" \
        "full-write:0:65536 EFBIG" "full-write:0:17408 17408" "full-write:65536:4096 EFBIG" "full-write:16384:4096 EFBIG" \
        "writev:0:65536 17408" "writev:20480:65536 EFBIG" "full-writev:0:65536 EFBIG" "full-writev:0:16384 16384" \
        "file-write:0:65536 17408" "file-write:20480:4096 EFBIG" "full-file-write:0:65536 EFBIG" \
        "file-writev:0:65536 17408" "full-file-writev:0:65536 EFBIG" "full-file-writev:0:16384 16384" \
        "fallocate:0:65536 EFBIG" "fallocate:0:16384 0" "zeroes:0:65536 (EFBIG|EOPNOTSUPP)" \
        "fsync 0" "check:0:16384 16384" "read:20480:4096 0"
    rm -f "$file"
}

limited w "${TMPDIR:-/var/tmp}"
if direct_works "${TMPDIR:-/var/tmp}"; then
    limited wd "${TMPDIR:-/var/tmp}"
else
    skip_part "O_DIRECT does not work in ${TMPDIR:-/var/tmp}"
fi
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
    limited w /dev/shm # where the file calls write inline
else
    skip_part "there is no /dev/shm"
fi
