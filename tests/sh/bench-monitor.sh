# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-bench --monitor: its iothreads can be looked into and retuned while they work, and no I/O is lost by it.
set -euo pipefail
# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring
lariat_ctl=${LARIAT_BUILDDIR:?}/tools/ctl/lariat-ctl
[ -x "$lariat_ctl" ] || fail "$lariat_ctl was not built"
export LARIAT_SOCKET=$dir/socket

ctl() { timeout -k 1 20 "$lariat_ctl" "$@" || fail "lariat-ctl $*: status $?"; }

wait_until() # COMMAND...
{
    local end=$((SECONDS + 20))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || fail "waited in vain for: $*"
        sleep 0.05
    done
}

counter() { ctl --json stats "$1" | jq ".[0].stats.$2"; }

command -v jq >/dev/null || skip "there is no jq"

# Writers that check what they wrote: a lost or doubled I/O shows as a wrong block or a run that does not end.
"$lariat_bench" --monitor="$LARIAT_SOCKET" --directory="$dir" --size=4m --rw=randwrite --iodepth=8 --verify=crc32c --time_based \
    --runtime=100 --poll-max-ns=1ms --output-format=json --name=writer --numjobs=2 >"$dir/out" 2>"$dir/err" &
bench_pid=$!
end_bench() { [ -z "$bench_pid" ] || kill "$bench_pid"; }
on_exit end_bench
wait_until "$lariat_ctl" get job1 poll-max-ns

# The ids are job0, job1 whatever the job is called; what was asked for is what is told.
[ "$(ctl --json list | jq -c '[.[].id]')" = '["job0","job1"]' ] || fail "not job0 and job1: $(ctl --json list)"
[ "$(ctl get job0 poll-max-ns)" = 1000000 ] || fail "poll-max-ns is not what was asked for"

has_spun() { [ "$(counter job0 spins)" -gt 0 ]; }
wait_until has_spun
for ns in 0 4000 1us 2ms 0; do
    ctl set job0 poll-max-ns=$ns poll-grow=4
    ctl set job1 aio-max-batch=2 poll-max-ns=$ns
done

# In force: none of the two spins any more, and both go on working.
spins=$(counter job0 spins) reaped=$(counter job0 '"cqes-reaped"')
more_reaped() { [ "$(counter job0 '"cqes-reaped"')" -gt $((reaped + 500)) ]; }
wait_until more_reaped
[ "$(counter job0 spins)" = "$spins" ] || fail "it still spins: $(counter job0 spins) instead of $spins"
[ "$(ctl --json list | jq -c '.[0]["window-ns"]')" = 0 ] || fail "the window is not 0"

# The iothreads are the benchmark's: they cannot be deleted from outside.
! timeout 20 "$lariat_ctl" del job0 2>"$dir/del" || fail "job0 could be deleted"
grep -q 'in use' "$dir/del" || fail "the reason is not told: $(cat "$dir/del")"

# SIGINT ends it as ever: the report is whole, all that was written was verified, and the socket is gone.
kill -INT $bench_pid
status=0
wait $bench_pid || status=$?
bench_pid=
[ $status = 130 ] || fail "status $status"
jq -e '.jobs | length == 2 and all(.error == 0 and .write.total_ios > 0)' "$dir/out" >/dev/null || fail "the report is not whole"
[ ! -e "$LARIAT_SOCKET" ] || fail "the socket was left behind"

# The polling asked for is that of the iothread; the longest window follows the policy unless it is given.
"$lariat_bench" --preflight=0 --monitor="$LARIAT_SOCKET" --directory="$dir" --size=1m --rw=randread --time_based --runtime=100 --poll_policy=auto \
    --name=a --poll_grow=3 --poll_shrink=5 --name=b --poll_policy=weighted --poll_weight=5 --poll_max_ns=7us \
    --wait_batch=6 --wait_min_ns=8us >"$dir/out" 2>"$dir/err" &
bench_pid=$!
wait_until "$lariat_ctl" get job1 poll-max-ns
[ "$(ctl get job0 poll-policy) $(ctl get job0 poll-max-ns)" = "auto 200000" ] || fail "not auto: $(ctl get job0)"
[ "$(ctl get job0 poll-grow) $(ctl get job0 poll-shrink)" = "3 5" ] || fail "other factors: $(ctl get job0)"
[ "$(ctl get job1 poll-policy) $(ctl get job1 poll-weight) $(ctl get job1 poll-max-ns)" = "weighted 5 7000" ] ||
    fail "not weighted: $(ctl get job1)"
[ "$(ctl get job0 wait-batch) $(ctl get job0 wait-min-ns)" = "0 100000" ] || fail "batching not by default: $(ctl get job0)"
[ "$(ctl get job1 wait-batch) $(ctl get job1 wait-min-ns)" = "6 8000" ] || fail "batching not as asked: $(ctl get job1)"
kill -INT $bench_pid
wait $bench_pid || true
bench_pid=

# A run to its end under constant changes does all its I/O, and checks it.
"$lariat_bench" --monitor="$LARIAT_SOCKET" --directory="$dir" --size=8m --rw=randwrite --iodepth=8 --verify=crc32c \
    --fdatasync=16 --output-format=json --name=all >"$dir/out" 2>"$dir/err" &
bench_pid=$!
while "$lariat_ctl" set job0 poll-max-ns=$((RANDOM * 10)) aio-max-batch=$((RANDOM % 9)) >/dev/null 2>&1 || kill -0 $bench_pid 2>/dev/null; do
    :
done
wait $bench_pid || fail "status $?"
bench_pid=
[ "$(jq '.jobs[0].write.total_ios' "$dir/out")" = 2048 ] || fail "not all blocks were written"

fails 1 'monitor' --monitor="$dir/no/such/folder" --directory="$dir" --size=4k --rw=read --name=a
touch "$dir/file"
fails 1 'monitor' --monitor="$dir/file" --directory="$dir" --size=4k --rw=read --name=a
[ -f "$dir/file" ] || fail "a file that is no socket was removed"
echo "lariat-bench --monitor: watched and retuned, nothing lost"
