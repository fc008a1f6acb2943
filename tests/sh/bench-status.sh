# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What is told while a run goes on: progress and status on stderr, results so far on SIGUSR1; standard output stays one document.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

timed=(--name=a "--filename=$dir/file" --size=1m --rw=randrw --iodepth=4 --runtime=1100ms --time_based)

good "${timed[@]}" --eta=always --eta-interval=250ms --numjobs=2
line='^Jobs: [0-9]+ \(f=[0-9]+\): \[[A-Za-z_]\([0-9]+\)(,[A-Za-z_]\([0-9]+\))*\]\[[0-9.]+%\]\[r=[0-9.]+[KMG]iB/s,w=[0-9.]+[KMG]iB/s\]\[r=[0-9.]+k?,w=[0-9.]+k? IOPS\]\[eta [0-9]+m:[0-9]+s\]$'
n=$(grep -Ec "$line" "$dir/err") || fail "no line of progress"
((n >= 2)) || fail "$n lines of progress in 1.1 s, one each 250 ms"
good "${timed[@]}" --eta=never --eta-newline=1
! grep -q 'Jobs:' "$dir/err" || fail "--eta=never shows progress"

if command -v script >/dev/null; then
    timeout -k 1 30 script -qec "$lariat_bench ${timed[*]} --eta-interval=300ms --eta-newline=300ms" /dev/null >"$dir/out" 2>&1 </dev/null || fail "on a terminal"
    grep -q $'\rJobs: 1 (f=1): \[m(1)\]' "$dir/out" || fail "no progress on a terminal"
else
    skip_part "script(1) is not there: no terminal"
fi

if command -v python3 >/dev/null; then
    cat >"$dir/status.py" <<'END_OF_PYTHON'
import json, sys

lines = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
assert len(lines) >= 3, f"{len(lines)} lines"
last = -1
for line in lines:
    assert line["elapsed_ms"] > last
    last = line["elapsed_ms"]
    job, = line["jobs"]
    assert job["jobname"] == "a" and job["n_jobs"] == 1
    assert job["read"]["total_ios"] >= 0 and set(job["lat_ns"]) == {"p50", "p99", "p99.9", "max"}
assert lines[0]["jobs"][0]["read"]["iops"] > 0 and lines[0]["jobs"][0]["lat_ns"]["p50"] > 0
END_OF_PYTHON
    good "${timed[@]}" --status-interval=300ms --output-format=json
    python3 "$dir/status.py" "$dir/err" >"$dir/check" 2>&1 || fail "status on stderr: $(cat "$dir/check")"
    python3 -m json.tool "$dir/out" >/dev/null || fail "standard output is not one document"
    good "${timed[@]}" --status-interval=300ms --status-output="$dir/status" --output-format=normal,json
    python3 "$dir/status.py" "$dir/status" >"$dir/check" 2>&1 || fail "--status-output: $(cat "$dir/check")"
    ! grep -q elapsed_ms "$dir/err" || fail "--status-output: status is on stderr too"
    fails 1 "$dir/none" "${timed[@]}" --status-interval=1 --status-output="$dir/none/x"
else
    skip_part "there is no python3 to read JSON with"
fi

# Signals. They may have been ignored when we were started, as a shell does for what it runs in the background.
wait_for_job()
{
    for _ in $(seq 500); do
        cat /proc/$pid/task/*/comm 2>/dev/null | grep -q 'job' && return
        sleep 0.01
    done
    fail "the job did not start"
}

(
    trap '' INT TERM USR1
    exec "$lariat_bench" "${timed[@]}" --runtime=60 >"$dir/out" 2>"$dir/err"
) &
pid=$!
wait_for_job
sleep 0.3
kill -USR1 $pid
for _ in $(seq 500); do
    ! grep -q 'read: IOPS=' "$dir/err" || break
    sleep 0.01
done
grep -q 'read: IOPS=' "$dir/err" || fail "SIGUSR1 printed no results so far"
! grep -q 'read: IOPS=' "$dir/out" || fail "SIGUSR1 printed to standard output"
kill -0 $pid || fail "SIGUSR1 ended the run"
kill -INT $pid
status=0
wait $pid || status=$?
[ $status = 130 ] || fail "SIGINT, ignored by the parent, gave status $status"
grep -q 'read: IOPS=' "$dir/out" || fail "no results after SIGINT"

echo "lariat-bench: progress, status lines and dumps"
