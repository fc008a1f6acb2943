# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# --write_wait_log: the waits of a job's loop, as lariat-bench simulate reads them.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

good --name=prepare --filename="$dir/file" --size=1m --rw=write
job=(--name=a "--filename=$dir/file" --size=1m --rw=randread --rate_iops=1000)
log=$dir/waits

count() # PATTERN FILE
{
    grep -Ec "$1" "$2" || true
}

# Each is a number; those that slept are marked. With polling off that is all of them, with an endless window all but two.
good "${job[@]}" --number_ios=100 --poll_max_ns=0 --write_wait_log="$log"
[ "$(count '^[0-9]+ # slept$' "$log")" -ge 10 ] || fail "$(count slept "$log") sleeps for 100 I/Os"
{ [ "$(count '^#' "$log")" = 1 ] && ! grep -Evq '^(#.*|[0-9]+ # slept)$' "$log"; } ||
    fail "$(head -n 3 "$log")"
good "${job[@]}" --number_ios=100 --poll_policy=classic --poll_max_ns=1s --poll_grow=1000000 --write_wait_log="$log"
[ "$(count '^[0-9]+$' "$log")" -ge 10 ] || fail "$(count '^[0-9]+$' "$log") spins for 100 I/Os"
[ "$(count slept "$log")" -lt 10 ] || fail "an endless window, and $(count slept "$log") sleeps"

n=$(count '^[0-9]' "$log")
(
    preflight= # a subcommand comes first
    good simulate --trace="$log" --policy=classic --json
)
grep -q "\"waits\": $n," "$dir/out" || fail "simulate found other than $n waits"

# A log for each clone; none of what belongs to the ramp.
good "${job[@]}" --number_ios=20 --numjobs=2 --write_wait_log="$log"
{ [ "$(count '^[0-9]' "$log")" -gt 0 ] && [ "$(count '^[0-9]' "$log.2")" -gt 0 ]; } ||
    fail "a clone without its log"
good "${job[@]}" --time_based --ramp_time=600ms --runtime=200ms --write_wait_log="$log" --output-format=json
runtime_ms=$(sed -n 's/^ *"job_runtime" *: *\([0-9]*\).*/\1/p' "$dir/out" | head -n 1)
awk -v most_ns="$((runtime_ms + 200))000000" '/^[0-9]/ { sum += $1 } END { exit !(sum > 0 && sum < most_ns) }' "$log" ||
    fail "more waits than fit into $runtime_ms ms"

# A file, and an iothread, for one job.
b=(--name=b "--filename=$dir/file" --size=1m)
fails 2 'another job writes' "${job[@]}" --write_wait_log="$log" "${b[@]}" --write_wait_log="$log"
fails 2 'its iothread' --iothread=x "${job[@]}" --write_wait_log="$log" "${b[@]}" --write_wait_log="$log.b"
fails 2 'these do: lariat' --name=a --size=1m --ioengine=null --write_wait_log="$log"
good --write_wait_log="$log" "${job[@]}" --number_ios=5 --name=b --size=1m --ioengine=null
fails 2 'No such file' "${job[@]}" --write_wait_log="$dir/none/waits"
bench "${job[@]}" --number_ios=5 --write_wait_log=/dev/full
{ [ $status = 1 ] && grep -q '/dev/full could not be written' "$dir/err"; } || fail "/dev/full: status $status"
echo "lariat-bench: waits are logged"
