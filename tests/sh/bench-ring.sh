# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# How I/Os get to the kernel and back: fio's options for io_uring, and for batches. What an SQE holds is the business of the
# suite bench_ring.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring
command -v python3 >/dev/null || skip "there is no python3 to read JSON with"

file=$dir/file
head -c 2097152 /dev/urandom >"$file"
sync "$file"
job=(--name=a --filename="$file" --size=2m --rw=randread --iodepth=32 --output-format=json)

# must PYTHON ARG...: of the report on such a job, `job`, that is true; judge() looks at all of them at once
n_reports=0
must()
{
    local condition=$1
    shift
    good "${job[@]}" "$@"
    n_reports=$((n_reports + 1))
    mv "$dir/out" "$dir/report.$n_reports"
    printf '%s\t%s\n' "$condition" "$*" >>"$dir/conditions"
}
judge()
{
    python3 -IS - "$dir" >"$dir/out" <<'END' || fail "$(cat "$dir/out")"
import json, sys
bad = 0
for n, line in enumerate(open(sys.argv[1] + "/conditions"), 1):
    condition, options = line.rstrip("\n").split("\t")
    job = json.load(open(f"{sys.argv[1]}/report.{n}"))["jobs"][0]
    if not eval(condition) or job["read"]["total_ios"] != 512:
        bad += 1
        print("not", condition, "with", options)
sys.exit(bad > 0)
END
}

# Batches, as they are counted.
for engine in lariat liburing; do
    must "job['iodepth_level']['32'] > 90" --ioengine=$engine
    must "job['iodepth_level']['32'] < 10" --ioengine=$engine --iodepth_low=4
    must "job['iodepth_submit']['4'] == 100" --ioengine=$engine --iodepth_batch=3
    must "job['iodepth_submit']['8'] > 90" --ioengine=$engine --iodepth_batch=8 --iodepth_batch_complete_min=32
    must "job['lariat']['syscalls_per_io'] >= 1" --ioengine=$engine --iodepth_batch=1
    must "job['lariat']['syscalls_per_io'] < 0.5" --ioengine=$engine --iodepth_batch_complete_min=16
    must "job['lariat']['syscalls_per_io'] > 0.4" --ioengine=$engine --iodepth_batch_complete_max=2
    must "job['iodepth_submit']['16'] + job['iodepth_submit']['32'] > 90" --ioengine=$engine --iodepth_batch_complete_min=16
done
must "job['iodepth_complete']['16'] > 80" --ioengine=liburing --iodepth_batch_complete_min=16
must "job['iodepth_complete']['4'] == 100" --ioengine=liburing --iodepth_batch_complete_max=4
must "job['iodepth_level']['32'] < 10" --ioengine=null --iodepth_low=4

# A loop that may not spin sleeps for what a worker does, and one that may not sleep does not.
must "job['lariat']['sleeps'] > 0" --poll_max_ns=0 --force_async=1 --iodepth=1
must "job['lariat']['sleeps'] == 0" --poll_max_ns=0 --force_async=1 --iodepth=1 --iodepth_batch_complete_min=0
must "job['lariat']['syscalls_per_io'] < 1.1" --ioengine=liburing --force_async=1 --iodepth=1
must "job['lariat']['syscalls_per_io'] > 1.2" --ioengine=liburing --force_async=1 --iodepth=1 --iodepth_batch_complete_min=0

# Whatever the way, the right blocks come.
for options in --nonvectored=0 "--nonvectored=0 --registerfiles --force_async=2" "--fixedbufs --nonvectored=0" \
    "--iodepth_batch=3 --iodepth_batch_complete_min=5 --iodepth_low=7" "--iodepth_batch_complete_min=0 --serialize_overlap=1"; do
    for engine in lariat liburing; do
        # shellcheck disable=SC2086 # several options
        good --name=a --filename="$dir/written" --size=512k --rw=randrw --iodepth=16 --verify=crc32c --ioengine=$engine $options
        grep -q 'verify: [1-9][0-9]* blocks checked, 0 wrong' "$dir/out" || fail "$engine $options: verify"
    done
done

# RWF_NOWAIT: what is not in the page cache fails.
refused='its file system or this kernel cannot do that'
for engine in psync lariat liburing; do
    bench "${job[@]}" --ioengine=$engine --nowait --pre_read=1
    if [ $status = 1 ] && grep -q -e "--nowait: .*/file: $refused" "$dir/err"; then
        skip_part "no RWF_NOWAIT here"
        break
    fi
    [ $status = 0 ] || fail "$engine: --nowait failed on what is in the page cache"
    bench "${job[@]}" --ioengine=$engine --nowait
    [ $status = 1 ] || fail "$engine: --nowait waited"
    grep -q 'Resource temporarily unavailable' "$dir/err" || fail "$engine: --nowait failed otherwise"
    good "${job[@]}" --ioengine=$engine --nowait --ignore_error=EAGAIN
done

# RWF_DONTCACHE: what was read does not stay.
cached() { fincore --noheadings --bytes --output=RES "$file" | tr -d ' '; }
bench "${job[@]}" --uncached=1
if [ $status = 1 ] && grep -q -e "--uncached: .*/file: $refused" "$dir/err"; then
    skip_part "no RWF_DONTCACHE here"
elif command -v fincore >/dev/null; then
    for engine in psync lariat liburing; do
        good "${job[@]}" --ioengine=$engine --rw=read --bs=64k
        with=$(cached)
        good "${job[@]}" --ioengine=$engine --rw=read --bs=64k --uncached=1
        without=$(cached)
        ((without < with / 2)) || fail "$engine: $without of $with bytes stay in the page cache with --uncached=1"
    done
fi
if memory=$(mktemp -d /dev/shm/lariat-bench-test.XXXXXX 2>"$dir/err"); then
    on_exit rm -rf "$memory"
    bench --name=a --filename="$memory/file" --size=64k --rw=write --uncached=1
    [ $status = 0 ] || grep -q -e "--uncached: $memory/file: " "$dir/err" || fail "--uncached=1 on tmpfs: it is not told why"
    good --name=a --filename="$memory/file" --size=64k --rw=write --uncached=0
    # An SQ thread carries these out at once, and tells later that it took them.
    bench "${job[@]}" --filename="$memory/file" --ioengine=liburing --sqthread_poll --iodepth=128
    [ $status = 0 ] || grep -q 'no ring' "$dir/err" || fail "liburing: a full queue"
    # These are carried out inline, unless the ring is asked for something.
    must "job['lariat']['enters'] == 0" --filename="$memory/file" --nonvectored=1
    for option in --nonvectored=0 --force_async=1 --fixedbufs --registerfiles; do
        must "job['lariat']['enters'] > 0" --filename="$memory/file" $option
        fails 2 "${option%=*}: --ioengine=psync does not have that" "${job[@]}" --ioengine=psync $option
    done
fi

# threads PATTERN ARG...: a running job has such a thread, by name; sets tid
threads()
{
    local pattern=$1 pid i found=
    shift
    "$lariat_bench" --preflight=0 "${job[@]}" --time_based --runtime=20 "$@" >"$dir/out" 2>"$dir/err" &
    pid=$!
    for ((i = 0; i < 200; i++)); do
        found=$(grep -l -e "$pattern" /proc/$pid/task/*/comm 2>/dev/null | head -n 1) || true
        [ -z "$found" ] || break
        kill -0 $pid 2>/dev/null || break
        sleep 0.05
    done
    cpus=
    [ -z "$found" ] || cpus=$(sed -n 's/^Cpus_allowed_list:\t//p' "${found%/comm}/status")
    kill -INT $pid || true
    wait $pid || true
    [ -n "$found" ] || fail "no thread $pattern: $*"
}
cpu=$(sed -n 's/^Cpus_allowed_list:\t\([0-9]*\).*/\1/p' /proc/self/status)
for engine in lariat liburing; do
    threads '^iou-wrk-' --ioengine=$engine --force_async=1
    must "job['lariat']['ring']['setup_flags'] & 6 == 0" --ioengine=$engine
    bench "${job[@]}" --ioengine=$engine --sqthread_poll
    if [ $status != 0 ]; then
        skip_part "no SQ thread here: $(cat "$dir/err")"
        continue
    fi
    must "job['lariat']['ring']['setup_flags'] & 6 == 2" --ioengine=$engine --sqthread_poll
    must "job['read']['slat_ns']['max'] == 0" --ioengine=$engine --sqthread_poll --iodepth_batch=4
    threads '^iou-sqp-' --ioengine=$engine --sqthread_poll --sqthread_poll_cpu="$cpu"
    [ "$cpus" = "$cpu" ] || fail "$engine: the SQ thread may run on $cpus, not only on $cpu"
    fails 1 '--sqthread_poll_cpu=8000: there is no such CPU here' "${job[@]}" --ioengine=$engine --sqthread_poll --sqthread_poll_cpu=8000
done

# A job file for fio.
cat >"$dir/uring.fio" <<END
[global]
ioengine=io_uring
filename=$file
size=2m
rw=randread
iodepth=16
iodepth_batch_submit=8
iodepth_batch_complete_min=4
iodepth_batch_complete_max=8
iodepth_low=8
nonvectored=1
force_async=8
registerfiles
fixedbufs=1
nowait=0
[a]
[b]
stonewall
iodepth_batch=0
iodepth_batch_complete=0
END
good --output-format=json "$dir/uring.fio"
[ "$(grep -c '"total_ios": 512,' "$dir/out")" = 2 ] || fail "a job file for fio"

judge
