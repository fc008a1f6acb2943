# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# How a lariat-nbd begins, ends, and reads its exports again; what it does not begin with; its control socket.
set -euo pipefail
# shellcheck source=tests/sh/nbd-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/nbd-functions.sh"
need python3 python3 || exit 77

truncate -s 16M "$dir/disk"
python "$LARIAT_SRCDIR/tests/sh/nbd_life.py" "$dir" "$lariat_nbd"
sed -n 's/^ok: //p' "$dir/out"

echo "no socket" >"$dir/file"
truncate -s 1000 "$dir/odd"
export="--export=path=$dir/disk"
refuses "nothing to serve" --socket="$dir/socket"
refuses "nowhere to listen" "$export"
refuses "did you mean --export" --exprot=path=x
refuses "no option" "$dir/disk"
refuses "did you mean readonly" --socket="$dir/socket" "$export,raedonly"
refuses "No such file" --socket="$dir/socket" --export=path="$dir/none"
refuses "neither a regular file nor a block device" --socket="$dir/socket" --export=path=/dev/null
refuses "is no socket" --socket="$dir/file" "$export"
refuses "two exports" --socket="$dir/socket" "$export" "$export"
refuses "exclude each other" --socket="$dir/socket" "$export" --iothread=id=a --iothreads=2
refuses "poll-max-ns" --socket="$dir/socket" "$export" --iothread=id=a,poll-max-ns=x
refuses "1 or more" --socket="$dir/socket" "$export" --max-requests=0
refuses "one of writeback|none" --socket="$dir/socket" "$export" --cache=both
refuses "cannot listen on" "--listen=[::1]:port" "$export"
! can_direct || refuses "no multiple of" --socket="$dir/socket" --export=path="$dir/odd",direct
[ ! -e "$dir/socket" ] || fail "a server that did not start left its socket behind"

"$lariat_nbd" --help >"$dir/out"
grep -q -- --export= "$dir/out" || fail "--help says nothing of --export"
"$lariat_nbd" --version >"$dir/out"
[ "$(cat "$dir/out")" = "lariat-nbd $LARIAT_VERSION" ] || fail "--version says something else"

ctl=$LARIAT_BUILDDIR/tools/ctl/lariat-ctl
if [ -x "$ctl" ]; then
    start_nbd "$export" --monitor="$dir/monitor" --iothread=id=io7,poll-max-ns=100us --iothread=poll-max-ns=0
    "$ctl" --socket="$dir/monitor" list --names >"$dir/out"
    [ "$(xargs <"$dir/out")" = "io7 nbd1" ] || fail "other iothreads than io7 and nbd1"
    [ "$("$ctl" --socket="$dir/monitor" get io7 poll-max-ns)" = 100000 ] || fail "poll-max-ns of io7 is not 100 us"
    # With many requests in flight a send has several replies, and a receive brings several requests.
    "$LARIAT_BUILDDIR/bench/nbd-load" --socket="$dir/socket" --depth=32 --seconds=0.2 --server="$nbd_pid" >"$dir/out" 2>&1 ||
        fail "nbd-load"
    grep -q '^iops=[1-9][0-9]* latency_us=.* server_cpu_us=' "$dir/out" || fail "nbd-load says something else"
    "$ctl" --socket="$dir/monitor" stats >"$dir/out"
    count() { awk -v name="ops-$1" '$1 == name { n += $2 } END { print n + 0 }' "$dir/out"; }
    [ "$(count read)" -gt $(($(count send) * 2)) ] || fail "replies are sent one by one"
    [ "$(count read)" -gt $(($(count recv) * 2)) ] || fail "requests are received one by one"
    "$LARIAT_BUILDDIR/bench/nbd-load" --socket="$dir/socket" --idle --connections=50 --server="$nbd_pid" >"$dir/out" 2>&1 ||
        fail "nbd-load --idle"
    grep -q '^connections=50 rss_mib=[0-9.]*$' "$dir/out" || fail "nbd-load --idle says something else"
    stop_nbd
else
    refuses "built without liblariat-monitor" --socket="$dir/socket" "$export" --monitor="$dir/monitor"
fi
