# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# --verify_async: threads check, and all comes out as if the job's own thread did.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

file=$dir/file
cd "$dir"

# The lines of the report that say how many, and the status.
counts() # ARG...
{
    bench --name=v --filename="$file" --size=1m "$@"
    echo "status $status"
    grep -o 'verify: .*\|issued rwts: total=[0-9,]*' out
}
same() # ARG...
{
    local own
    own=$(counts "$@")
    [ "$(counts "$@" --verify_async=3)" = "$own" ] || fail "--verify_async=3 $*: $(counts "$@" --verify_async=3) and not $own"
    grep -q 'verify: [1-9]' <<<"$own" || fail "$*: nothing was checked"
}
for engine in lariat liburing psync; do
    depth=--iodepth=8
    [ $engine = psync ] || depth+=" --fixedbufs=1"
    # shellcheck disable=SC2086
    same --ioengine=$engine --rw=randrw --verify=crc32c $depth --loops=2
    same --ioengine=$engine --rw=write --verify=crc32c --zero_buffers --bs=8k
done
same --rw=randwrite --verify=crc32c --verify_backlog=16 --do_verify=0
same --rw=randwrite --verify=pattern --verify_pattern=0x5a --numjobs=1 --iothread=x

# What is wrong is found, told and kept; two jobs on one iothread.
good --name=v --filename="$file" --size=1m --rw=write --verify=pattern --verify_pattern=0x5a
for block in 3 77 200; do
    printf XY | dd of="$file" bs=1 seek=$((block * 4096)) conv=notrunc status=none
done
reads=(--rw=randread --iodepth=4 --verify=pattern --verify_pattern=0x5a)
same "${reads[@]}"
[ "$(counts "${reads[@]}" --verify_async=2 --verify_dump=1 | head -n 1)" = "status 3" ] || fail "the status is not 3"
grep -q "$file at offset 12288: the pattern" err || fail "file and offset are not told: $(cat err)"
[ "$(head -c 2 file.315392.received)$(head -c 2 file.315392.expected)" = XYZZ ] || fail "--verify_dump kept something else"
counts "${reads[@]}" --verify_async=2 --verify_fatal=1 | grep -q 'checked, 1 wrong' || fail "--verify_fatal=1: not 1 wrong"
counts "${reads[@]}" --verify_async=2 --numjobs=2 --iothread=x | grep -c '256 blocks checked, 3 wrong' | grep -q 2 ||
    fail "two jobs on one iothread"
fails 1 'verify_async_cpus: there is no such CPU' --name=v --filename="$file" --size=1m "${reads[@]}" --verify_async=1 \
    --verify_async_cpus=1023

# It is the threads that do the work, where they should; and they are gone at once when it is interrupted.
cpu=$(sed -n 's/^Cpus_allowed_list:.*[^0-9]\([0-9]*\)$/\1/p' /proc/self/status)
good --name=v --filename="$file" --size=1m --rw=write --verify=crc16 --verify_interval=4k --bs=64k
"$lariat_bench" --preflight=0 --name=v --filename="$file" --size=1m --rw=read --bs=64k --verify=crc16 --verify_interval=4k --time_based \
    --runtime=60 --verify_async=2 --verify_async_cpus="$cpu" >out 2>err &
pid=$!
for ((tries = 0; tries < 1000; tries++)); do
    busy=0
    for task in "/proc/$pid"/task/*; do
        [ "$(cat "$task/comm" 2>/dev/null)" = verify ] || continue
        [ "$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "$task/status")" = "$cpu" ] || fail "a thread is elsewhere than on CPU $cpu"
        ticks=$(sed 's/.*) //' "$task/stat" | cut -d ' ' -f 12)
        [ "$ticks" = 0 ] || busy=$((busy + 1))
    done
    [ $busy != 2 ] || break
    sleep 0.01
done
kill -INT $pid
status=0
wait $pid || status=$?
[ "$busy $status" = "2 130" ] || fail "$busy of two threads did something, and the status was $status"
grep -q 'blocks checked, 0 wrong' out || fail "what was checked until then is not reported"

echo "lariat-bench: --verify_async checks as the job's own thread does"
