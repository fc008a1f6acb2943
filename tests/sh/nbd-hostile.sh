# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-nbd and a client that does what none should do.
set -euo pipefail
# shellcheck source=tests/sh/nbd-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/nbd-functions.sh"
need python3 python3 || exit 77

truncate -s 16M "$dir/disk"
start_nbd --export=name=disk,path="$dir/disk" --listen=127.0.0.1:0 --iothreads=2 --max-memory=8m
wait_until grep -q 127.0.0.1: "$dir/log"
python "$LARIAT_SRCDIR/tests/sh/nbd_hostile.py" "$dir" "$nbd_pid" "$(sed -n 's/.*127.0.0.1:\([0-9]*\)$/\1/p' "$dir/log")"
sed -n 's/^ok: //p' "$dir/out"
stop_nbd
