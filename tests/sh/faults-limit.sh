#!/bin/bash
# SPDX-License-Identifier: MIT
# RLIMIT_FSIZE: what crosses the limit is short, what lies beyond it is EFBIG, and a full transfer tells the error.
set -euo pipefail
# shellcheck source=tests/sh/file-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/file-functions.sh"

file=
trap 'rm -f "$file"' EXIT
ulimit -f 16 # KiB

limited() # MODE FOLDER
{
    file=$(mktemp "$2/lariat-limit.XXXXXX")
    ops "$1" "$file" \
        "write:0:65536 16384" "write:16384:4096 EFBIG" "write:8192:4096 4096" \
        "full-write:0:65536 EFBIG" "full-write:0:16384 16384" "full-write:65536:4096 EFBIG" \
        "writev:0:65536 16384" "writev:16384:65536 EFBIG" "full-writev:0:65536 EFBIG" "full-writev:0:16384 16384" \
        "file-write:0:65536 16384" "file-write:16384:4096 EFBIG" "full-file-write:0:65536 EFBIG" \
        "file-writev:0:65536 16384" "full-file-writev:0:65536 EFBIG" "full-file-writev:0:16384 16384" \
        "fallocate:0:65536 EFBIG" "fallocate:0:16384 0" "zeroes:0:65536 (EFBIG|EOPNOTSUPP)" \
        "fsync 0" "check:0:16384 16384" "read:16384:4096 0"
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
