# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# SIGINT: the first ends the run and prints what there is, the second ends the program.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

# Started by a shell in the background SIGINT would be ignored; env puts it back.
start() { env --default-signal=INT "$lariat_bench" "$@" >"$dir/out" 2>"$dir/err" & pid=$!; }

# It has begun when its jobs' threads are there.
wait_for_jobs()
{
    for _ in $(seq 500); do
        [ "$(cat /proc/$pid/task/*/comm 2>/dev/null | grep -c 'job')" -ge "$1" ] && return
        sleep 0.01
    done
    fail "the jobs did not start"
}

status_of() { status=0; wait "$1" || status=$?; }

for engine in lariat liburing psync null; do
    start --size=1m --directory="$dir" --rw=randread --runtime=60 --time_based --ioengine=$engine --name=a --name=b
    wait_for_jobs 2
    sleep 0.2
    kill -INT $pid
    status_of $pid
    [ $status = 130 ] || fail "$engine: SIGINT gave status $status"
    [ "$(grep -c 'read: IOPS' "$dir/out")" = 2 ] || fail "$engine: the results so far were not printed"
done

# JSON too.
start --size=1m --filename="$dir/a" --rw=randwrite --runtime=60 --time_based --name=a --output-format=json --verify=crc32c
wait_for_jobs 1
kill -TERM $pid
status_of $pid
[ $status = 130 ] || fail "SIGTERM gave status $status"
grep -q '"jobname": "a"' "$dir/out" || fail "no JSON after SIGTERM"

# While laying out nothing stays behind.
start --size=64g --filename="$dir/large" --rw=randread --name=a
for _ in $(seq 500); do
    [ ! -s "$dir/large" ] || break
    sleep 0.01
done
kill -INT $pid
status_of $pid
[ $status = 130 ] || fail "SIGINT during layout gave status $status"
[ ! -e "$dir/large" ] || fail "half a file was left behind"

# A command of exec_prerun is interrupted like what runs by itself; one of exec_postrun cleans up, and is run to its end.
start --size=1m --filename="$dir/a" --rw=randread --name=a --exec_prerun="touch $dir/begun; sleep 60" --exec_postrun="touch $dir/after" \
    --name=b --exec_prerun="touch $dir/next"
for _ in $(seq 500); do
    [ ! -e "$dir/begun" ] || break
    sleep 0.01
done
kill -INT $pid
status_of $pid
[ $status = 130 ] || fail "SIGINT during --exec_prerun gave status $status"
[ ! -e "$dir/next" ] || fail "the next --exec_prerun ran all the same"
start --size=1m --filename="$dir/a" --rw=randread --runtime=60 --time_based --name=a --exec_postrun="sleep 0.1; touch $dir/after"
wait_for_jobs 1
kill -INT $pid
status_of $pid
{ [ $status = 130 ] && [ -e "$dir/after" ]; } ||
    fail "SIGINT: status $status, or --exec_postrun was cut short"

# Two at once: stopped meanwhile, so that it sees both when it looks.
start --size=1m --filename="$dir/a" --rw=randread --runtime=60 --time_based --name=a
wait_for_jobs 1
kill -STOP $pid
kill -INT $pid
kill -TERM $pid
kill -CONT $pid
status_of $pid
[ $status = 130 ] || fail "two signals gave status $status"
! grep -q IOPS "$dir/out" || fail "the second signal did not end it at once"

echo "lariat-bench: interrupts end it as they should"
