# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Options that change which I/Os there are, where they are and when: from the log of each I/O, or from the calls of the kernel.
set -euo pipefail
export LC_ALL=C

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"

file=$dir/file

# The I/Os of a job in order, each as "direction,size,offset" (0 read, 1 write), in $dir/ios.
ios()
{
    good --name=a --filename="$file" --size=1m --ioengine=null --write_lat_log="$dir/log" --log_offset=1 "$@"
    cut -d, -f3- "$dir/log_lat.1.log" | tr -d ' ' >"$dir/ios"
    [ -s "$dir/ios" ] || fail "no I/Os: $*"
}

n_ios() { grep -c "$1" "$dir/ios" || true; }      # PATTERN
offsets() { cut -d, -f3 "$dir/ios"; }
n_repeated() { offsets | sort | uniq -d | wc -l; } # offsets that came more than once

between() # WHAT LEAST MOST VALUE
{
    if [ "$4" -lt "$2" ] || [ "$4" -gt "$3" ]; then fail "$1: $4, and not $2 to $3"; fi
}

# Directions.
ios --rw=randrw --rwmixread=20
between --rwmixread=20 20 90 "$(n_ios ^0)"
ios --rw=randrw --rwmixwrite=20
between --rwmixwrite=20 20 90 "$(n_ios ^1)"

# Sizes.
ios --rw=read --bssplit=4k/80:64k/20 --io_size=8m
between --bssplit 60 150 "$(n_ios ,65536,)"
between --bssplit "$((2 * $(n_ios ,65536,)))" 2048 "$(n_ios ,4096,)"
ios --rw=randread --bsrange=1000-5000 --bs_unaligned
[ "$(cut -d, -f2 "$dir/ios" | awk '$1 % 1000' | wc -l)" -gt 10 ] || fail "--bs_unaligned: all are multiples of the smallest"

# Places.
ios --rw=randread
[ "$(n_repeated)" = 0 ] || fail "a block came twice"
cp "$dir/ios" "$dir/plain"
ios --rw=randread --norandommap
[ "$(n_repeated)" -gt 10 ] || fail "--norandommap: no block came twice"
ios --rw=randread --random_distribution=zipf:1.5
[ "$(n_repeated)" -gt 10 ] || fail "--random_distribution: no block came twice"
ios --rw=randread --random_generator=lfsr
! cmp -s "$dir/plain" "$dir/ios" || fail "--random_generator=lfsr: the same order"
ios --rw=randread --percentage_random=0
cmp <(offsets) <(offsets | sort -n) || fail "--percentage_random=0 is not sequential"
ios --rw=randread --blockalign=64k
[ "$(offsets | awk '$1 % 65536' | wc -l)" = 0 ] || fail "--blockalign=64k: other places"
ios --rw=randread:4
cp "$dir/ios" "$dir/plain"
ios --rw=randread:4 --rw_sequencer=identical
[ "$(offsets | uniq -c | awk '$1 != 4' | wc -l)" = 0 ] || fail "--rw_sequencer=identical: not four times each"
ios --rw=read --numjobs=2 --offset_increment=64k --io_size=4k
tail -qn 1 "$dir"/log_lat.[12].log | awk -F', ' '{ print $5 }' | sort -n | tr '\n' ' ' | grep -qx '0 65536 ' ||
    fail "--offset_increment=64k: $(cat "$dir"/log_lat.[12].log)"
ios --rw=read --offset=5000 --offset_align=8k --io_size=4k
[ "$(offsets)" = 8192 ] || [ "$(offsets)" = 0 ] || fail "--offset_align=8k: $(offsets)"

# Several files.
files() { ios --filename="$dir/f0:$dir/f1:$dir/f2:$dir/f3" --rw=read --size=64k "$@"; } # 16 KiB of each
turns() { offsets | tr '\n' ' '; }
files --file_service_type=sequential
[ "$(turns)" = "$(printf '0 4096 8192 12288 %.0s' 1 2 3 4)" ] || fail "--file_service_type=sequential: $(turns)"
files
[ "$(turns)" = "0 0 0 0 4096 4096 4096 4096 8192 8192 8192 8192 12288 12288 12288 12288 " ] || fail "files in turn: $(turns)"
files --openfiles=2
[ "$(turns)" = "0 0 4096 4096 8192 8192 12288 12288 0 0 4096 4096 8192 8192 12288 12288 " ] || fail "--openfiles=2: $(turns)"

# Without memory for the map of a file, a job that allows it goes on without one.
huge() { (ulimit -v 400000 && bench --name=a --filename="$file" --size=16t --ioengine=null --rw=randread --number_ios=10 "$@"; exit "$status"); }
! huge 2>/dev/null || fail "a map of 512 MiB was made of less memory"
huge --softrandommap=1 || fail "--softrandommap=1 gave up"

# How files are made and opened.
good --name=a --filename="$dir/new" --size=64k --rw=read --create_only=1 --output-format=json
jq -e '.jobs[0].read.total_ios == 0' "$dir/out" >/dev/null || fail "--create_only=1 read something"
[ "$(stat -c %s "$dir/new")" = 65536 ] || fail "--create_only=1 made no file"
good --name=a --filename="$dir/over" --size=64k --rw=write --io_size=4k --fallocate=none --overwrite=1
[ "$(stat -c %s "$dir/over")" = 65536 ] || fail "--overwrite=1 did not write the file first"

if command -v strace >/dev/null; then
    calls() # PATTERN ARG...: how many calls of the kernel match in a job on a file of 64 KiB
    {
        local pattern=$1
        shift
        timeout 30 strace -f -o "$dir/calls" -e trace=openat,pread64,preadv2,pwrite64,pwritev2,fsync,fadvise64 -- "$lariat_bench" --preflight=0 \
            --name=a --filename="$dir/new" --size=64k --ioengine=psync --rw=read --io_size=4k "$@" >"$dir/out" 2>"$dir/err" || fail "under strace: $*"
        grep -cE "$pattern" "$dir/calls" || true
    }
    [ "$(calls 'O_DIRECT[|,)]' --direct=1)" != 0 ] || fail "--direct=1: no O_DIRECT"
    [ "$(calls 'O_DIRECT[|,)]' --direct=1 --buffered=1)" = 0 ] || fail "--buffered=1: O_DIRECT"
    [ "$(calls POSIX_FADV_DONTNEED)" != 0 ] || fail "the page cache was kept"
    [ "$(calls POSIX_FADV_DONTNEED --invalidate=0)" = 0 ] || fail "--invalidate=0: it was dropped"
    [ "$(calls 'pread64.*, 65536, 0\)' --pre_read=1)" = 1 ] || fail "--pre_read=1 did not read the file"
    [ "$(calls 'O_SYNC' --rw=write --sync=sync)" != 0 ] || fail "--sync=sync: no O_SYNC"
    rm "$dir/new"
    [ "$(calls fsync --create_fsync=0)" = 0 ] || fail "--create_fsync=0: fsync"
    rm "$dir/new"
    [ "$(calls fsync)" != 0 ] || fail "no fsync behind the layout"
else
    skip_part "strace is not installed"
fi

# Buffers: the second half of each piece is zeroes.
good --name=a --filename="$dir/over" --size=64k --bs=64k --rw=write --buffer_compress_percentage=50 --buffer_compress_chunk=16k
[ "$(tail -c +8193 "$dir/over" | head -c 8192 | tr -d '\0' | wc -c)" = 0 ] || fail "--buffer_compress_chunk=16k: no zeroes from 8k to 16k"
[ "$(head -c 8192 "$dir/over" | tr -d '\0' | wc -c)" -gt 4096 ] || fail "--buffer_compress_chunk=16k: zeroes up to 8k"

# When. The gaps between the arrivals of a Poisson process are seldom near their mean.
good --name=a --filename="$file" --size=1g --ioengine=null --rw=read --rate_iops=2000 --rate_process=poisson --number_ios=300 \
    --write_lat_log="$dir/log" --log_issue_time=1
awk -F', *' 'NR > 1 { n++; gap = $NF - last; near += gap > 400000 && gap < 600000 } { last = $NF } END { exit !(n > 200 && near < n * 0.4) }' \
    "$dir/log_lat.1.log" || fail "--rate_process=poisson: the gaps are even"

null_job() # STATUS LEAST ARG...: how it ends, and how many ms it takes at least
{
    local expected=$1 least=$2
    shift 2
    bench --name=a --filename="$file" --size=64k --ioengine=null --rw=randread --output-format=json "$@"
    [ $status = "$expected" ] || fail "status $status instead of $expected: $*"
    jq -e ".jobs[0].job_runtime >= $least" "$dir/out" >/dev/null || fail "it took less than $least ms: $*"
}
null_job 4 0 --time_based --runtime=500ms --thinktime=1ms --rate_iops_min=1000000 --rate_cycle=50
null_job 0 300 --iodepth=8 --number_ios=8 --thinktime=300ms --thinktime_blocks=4 --thinktime_blocks_type=issue
null_job 4 100 --time_based --runtime=2 --latency_target=1ns --latency_window=100ms
null_job 0 0 --time_based --runtime=300ms --latency_target=2us --latency_window=50ms --latency_percentile=50
null_job 0 300 --time_based --runtime=300ms --latency_target=1s --latency_window=20ms --latency_run=1
