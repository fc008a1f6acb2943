# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Options that change how I/Os are checked, what the ring is asked for, and how the results are written.
set -euo pipefail
export LC_ALL=C

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

file=$dir/file
null() { good --name=a --filename="$file" --size=64k --ioengine=null --rw=read "$@"; }
job() { good --name=a --filename="$file" --size=64k "$@"; }
shows() { grep -qE -- "$1" "$dir/out" || fail "nothing like $1: $2"; } # PATTERN WHAT

# Checks and errors.
job --rw=write --verify=crc32c --verify_offset=512
bench --name=a --filename="$file" --size=64k --rw=read --verify=crc32c
[ $status = 3 ] || fail "--verify_offset=512: the header is where it always is"
(ulimit -f 16 && good --name=a --filename="$dir/limit" --size=64k --rw=write --fallocate=none --ignore_error=,EFBIG) ||
    fail "--ignore_error=,EFBIG"
! (ulimit -f 16 && bench --name=a --filename="$dir/limit" --size=64k --rw=write --fallocate=none && exit "$status") ||
    fail "writing beyond the limit was no error"
job --rw=randread --size=4k --io_size=1m --norandommap --iodepth=8 --serialize_overlap=1 --output-format=json
jq -e '.jobs[0].iodepth_level["1"] == 100' "$dir/out" >/dev/null || fail "--serialize_overlap=1: a block was read twice at once"


# What is written.
null --significant_figures=6 --number_ios=16
shows 'IOPS=[0-9.]{6,}' --significant_figures=6
null --unit_base=1
shows 'BW=[0-9.]+[KMGT]?ibit/s' --unit_base=1
null --kb_base=1000 --size=64k --bs=1k --output-format=json
jq -e '.jobs[0].read.io_bytes == 64000' "$dir/out" >/dev/null || fail "--kb_base=1000: 64k is not 64000"
null --time_based --runtime=350ms --thinktime=5ms --write_hist_log="$dir/log" --log_hist_msec=100
[ "$(wc -l <"$dir/log_clat_hist.1.log")" -gt 1 ] || fail "--log_hist_msec=100: one line in 350 ms"
# On a terminal the progress line overwrites itself, until it is to stay.
script -qec "$lariat_bench --preflight=0 --name=a --size=64k --ioengine=null --rw=read --time_based --runtime=700ms --thinktime=5ms --eta=always \
    --eta_interval=250ms --eta_newline=250ms" /dev/null </dev/null >"$dir/out"
[ "$(grep -c 'Jobs: ' "$dir/out")" -gt 1 ] || fail "--eta_newline=250ms: one line"

# What the kernel is asked for.
if command -v strace >/dev/null; then
    calls() # PATTERN ARG...
    {
        local pattern=$1
        shift
        timeout 30 strace -f -o "$dir/calls" -e trace=io_uring_register,pread64,pwrite64 -- "$lariat_bench" --preflight=0 --name=a \
            --filename="$file" --size=64k "$@" >"$dir/out" 2>"$dir/err" || fail "under strace: $*"
        grep -oE "$pattern" "$dir/calls" | tr '\n' ' '
    }
    for engine in lariat liburing; do
        [ -n "$(calls REGISTER_BUFFERS --ioengine=$engine --rw=read --fixedbufs)" ] || fail "$engine: --fixedbufs registers nothing"
        [ -n "$(calls REGISTER_FILES --ioengine=$engine --rw=read --registerfiles)" ] || fail "$engine: --registerfiles registers nothing"
    done
    order=$(calls 'p(read|write)64' --ioengine=psync --rw=write --verify=crc32c --verify_backlog=8 --verify_backlog_batch=2)
    [[ $order == *"pwrite64 pwrite64 pread64 pread64 pwrite64"* ]] || fail "--verify_backlog_batch=2: $order"
else
    skip_part "strace is not installed"
fi
