# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Rates, pauses and limits: as many I/Os as were due, whatever the load of the machine; exit status 4 where a limit was missed.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

command -v python3 >/dev/null || skip "there is no python3 to read JSON with"
file=$dir/file
head -c 1048576 /dev/zero >"$file"

# value 'EXPRESSION': of the first job, j
value() { python3 -c "import json; j = json.load(open('$dir/out'))['jobs'][0]; print($1)"; }
holds() { [ "$(value "$1")" = True ] || fail "not so: $1: $(value "j['read']['total_ios'], j['write']['total_ios']")"; }
job() { good --name=a --output-format=json --preflight=0 "$@"; }

# All that is due within a second is issued, if late: the count does not depend on the load of the machine.
for rate in 1000 30000 300000 1000000; do
    job --size=1g --rw=randread --ioengine=null --iodepth=64 --rate_iops=$rate --time_based --runtime=1
    holds "abs(j['read']['total_ios'] - $rate) <= 0.01 * $rate"
    job --size=1g --rw=randread --ioengine=null --iodepth=64 --rate_iops=$rate --rate_process=poisson --time_based --runtime=1
    holds "abs(j['read']['total_ios'] - $rate) <= 0.01 * $rate + 3 * $rate ** 0.5"
done
for engine in lariat liburing psync; do
    job --filename="$file" --rw=randread --ioengine=$engine --iodepth=8 --rate_iops=2000 --time_based --runtime=500ms
    holds "abs(j['read']['total_ios'] - 1000) <= 10"
    job --filename="$file" --rw=randrw --ioengine=$engine --iodepth=8 --rate_iops=2000,500 --time_based --runtime=500ms
    holds "abs(j['read']['total_ios'] - 1000) <= 10 and abs(j['write']['total_ios'] - 250) <= 3"
    job --filename="$file" --rw=read --ioengine=$engine --rate=4m --time_based --runtime=500ms
    holds "abs(j['read']['io_bytes'] - 2097152) <= 32768"
done

# Little is slept through, and little spun through: a slow rate costs little CPU.
job --filename="$file" --rw=randread --iodepth=8 --rate_iops=100 --time_based --runtime=1
holds "j['usr_cpu'] + j['sys_cpu'] < 20"

# Think time: four pauses of 50 ms between five lots.
for engine in lariat liburing psync null; do
    job --filename="$file" --size=80k --rw=read --bs=4k --thinktime=50ms --thinktime_blocks=4 --ioengine=$engine
    holds "190 <= j['job_runtime'] and j['read']['total_ios'] == 20"
done
job --filename="$file" --size=80k --rw=read --thinktime=50ms --thinktime_spin=50ms --thinktime_blocks=4 --thinktime_blocks_type=issue
holds "j['usr_cpu'] + j['sys_cpu'] > 5 and 190 <= j['job_runtime']"
job --filename="$file" --size=80k --rw=read --thinktime=50ms --thinktime_blocks=4 --thinktime_iotime=1h
holds "j['job_runtime'] < 190"
# The schedule goes on meanwhile, unless it is told to wait.
job --size=1m --rw=read --ioengine=null --rate_iops=1000 --number_ios=100 --thinktime=50ms --thinktime_blocks=50
holds "j['job_runtime'] < 148"
job --size=1m --rw=read --ioengine=null --rate_iops=1000 --number_ios=100 --thinktime=50ms --thinktime_blocks=50 --rate_ignore_thinktime=1
holds "j['job_runtime'] >= 148"

# ramp_time: one run, of which the beginning does not count.
for engine in lariat null; do
    begin=$(date +%s%N)
    job --filename="$file" --size=1m --rw=randread --ioengine=$engine --rate_iops=1000 --time_based --runtime=300ms --ramp_time=300ms
    ((($(date +%s%N) - begin) / 1000000 >= 600)) || fail "$engine: --ramp_time took no time"
    holds "j['read']['total_ios'] <= 310 and j['job_runtime'] < 590"
done

# Limits.
missed()
{
    bench --name=a --filename="$file" --rw=randread --time_based --runtime=5 --preflight=0 "$@"
    [ $status = 4 ] || fail "status $status instead of 4: $*"
}
missed --max_latency=1ns
grep -q "reading $file at offset [0-9]*.*max_latency" "$dir/err" || fail "the I/O that took too long is not told"
missed --latency_target=1ns --latency_window=10ms
missed --rate_iops=1000 --rate_iops_min=900000 --rate_cycle=50
missed --rate=4m --rate_min=4g --rate_cycle=50
good --name=a --filename="$file" --rw=randread --time_based --runtime=20 --iodepth=4 --latency_target=100s --latency_window=20ms --preflight=0
good --name=a --filename="$file" --rw=randread --time_based --runtime=300ms --iodepth=4 --latency_target=100s --latency_window=20ms \
    --latency_percentile=90 --latency_run=1 --preflight=0 --max_latency=100s --rate_iops_min=1

echo "lariat-bench: rates are kept, and limits"
