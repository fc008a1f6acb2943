# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-bench runs every mode on every engine, and moves exactly what it was asked to.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

file=$dir/file

# Column NAME of line N (2: the first job) of a report made with --output-format=tsv.
column() { awk -F'\t' -v name="$1" -v line="${2:-2}" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == line { print $at[name] }' "$dir/out"; }

for engine in lariat liburing psync io_uring libaio; do
    for rw in read write randread randwrite rw readwrite randrw; do
        rm -f "$file"
        good --name=a --filename="$file" --size=256k --rw=$rw --iodepth=4 --ioengine=$engine
        case $rw in
            rw | readwrite | randrw) io='READ: .*WRITE: ' ;;
            *) io='io=256KiB' ;;
        esac
        tr '\n' ' ' <"$dir/out" | grep -q "$io" || fail "$engine $rw: no summary with $io"
        [ "$(stat -c %s "$file")" = 262144 ] || fail "$engine $rw: the file has another size"
    done
    registered='--fixedbufs --registerfiles'
    [ $engine != psync ] || registered=
    # shellcheck disable=SC2086 # several words, or none
    good --name=a --filename="$file" --rw=randrw --iodepth=8 $registered --norandommap --ioengine=$engine \
        --rwmixread=30 --fdatasync=4
    good --name=a --filename="$file" --rw=write --fsync=8 --ioengine=$engine
    grep -q 'issued rwts: total=0,64,0,7 ' "$dir/out" || fail "$engine: --fsync=8 of 64 writes did not sync between them"
done

# Reads get real data: it can hardly be compressed.
rm -f "$file"
good --name=a --filename="$file" --size=1m --rw=read
grep -q 'laying out' "$dir/err" || fail "the layout was not told"
[ "$(gzip -c "$file" | wc -c)" -gt 1000000 ] || fail "the file was laid out with data that can be compressed"
sum=$(cksum <"$file")
good --name=a --filename="$file" --size=2m --rw=randread --bs=16k
[ "$(head -c 1048576 "$file" | cksum)" = "$sum" ] || fail "laying out the rest changed what was there"

# The amount: all blocks once, also of a part, also of several files.
good --name=a --filename="$file" --size=25% --rw=randread --output-format=tsv,normal
[ "$(column bytes_per_second)" -gt 0 ] || fail "no bytes were moved"
grep -q 'io=512KiB' "$dir/err" || fail "--size=25% of 2 MiB was not 512 KiB"
good --name=a --filename="$dir/x:$dir/y" --size=128k --rw=write
[ "$(stat -c %s "$dir/x" "$dir/y" | tr '\n' ' ')" = "65536 65536 " ] || fail "--size was not split over two files"
cp "$file" "$dir/with:colon"
good --name=a --filename="$dir/with:colon" --rw=read --bs=64k
[ ! -e "$dir/with" ] || fail "a file was made from a part of a name that exists"

# Clones and jobs have lines of their own, and files of their own by default.
good --directory="$dir" --size=64k --name=one --numjobs=2 --rw=write --name=two --rw=randread --bs=8k --output-format=tsv
[ "$(wc -l <"$dir/out")" = 4 ] || fail "not three jobs in the report"
[ "$(column job 2)$(column clone 3)$(column job 4)" = "one1two" ] || fail "the jobs are in another order"
for name in one.0.0 one.1.0 two.0.0; do
    [ "$(stat -c %s "$dir/$name")" = 65536 ] || fail "$name has another size"
done

# Time.
begin=$(date +%s%N)
good --name=a --filename="$file" --size=64k --rw=randread --runtime=300ms --time_based
elapsed=$((($(date +%s%N) - begin) / 1000000))
((elapsed >= 300 && elapsed < 5000)) || fail "--runtime=300ms took $elapsed ms"

# The null engine opens nothing.
good --name=a --filename="$dir/nothing" --size=1g --rw=randwrite --ioengine=null --iodepth=16 --runtime=100ms
[ ! -e "$dir/nothing" ] || fail "the null engine made a file"

# On tmpfs the lariat engine does I/O inline, unless files or buffers are fixed.
if memory=$(mktemp -d /dev/shm/lariat-bench-test.XXXXXX 2>"$dir/err"); then
    on_exit rm -rf "$memory"
    for options in '' --fixedbufs --registerfiles; do
        good --name=a --filename="$memory/file" --size=1m --rw=randrw --iodepth=8 --verify=crc32c $options
    done
    good --name=a --filename="$memory/file" --size=1m --rw=write --fsync=16
else
    skip_part "/dev/shm is not there: no test of tmpfs"
fi

# A sync goes by the registered file also from a slot whose trim did not.
good --name=a --filename="$file" --size=512k --rw=trimwrite --registerfiles --fsync=1 --iodepth=4

# Each file that was written is synced.
good --name=a --filename="$dir/x:$dir/y" --size=128k --rw=write --fsync=4

# Polling and placement.
good --name=a --filename="$file" --direct=1 --rw=randread --poll-max-ns=100ms --poll-grow=4 --poll-shrink=2 --cpus_allowed=0 \
    --output-format=tsv
[ "$(column poll_max_ns)" = 100000000 ] || fail "--poll-max-ns=100ms is not 100000000"
[ "$(stat -f -c %T "$dir")" = tmpfs ] || awk "BEGIN { exit !($(column spin_hit_ratio) > 0) }" ||
    fail "no spin of up to 100 ms found a completion"

# Waiting for several: never for more than there are, so all is read, and only where it was asked for.
count() { sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" "$dir/out" | head -n 1; }
for batch in 0 100; do
    good --name=a --filename="$file" --size=64k --direct=1 --rw=randread --iodepth=8 --wait_batch=$batch --wait_min_ns=1ms --output-format=json
    [ "$(count total_ios)" = 16 ] || fail "$(count total_ios) of 16 blocks were read"
    [ "$(stat -f -c %T "$dir")" = tmpfs ] || [ $(($(count waits_batched) > 0)) = $((batch > 0)) ] ||
        fail "--wait_batch=$batch: $(count waits_batched) waits were for several"
done
good --name=a --filename="$file" --size=64k --rw=read --ioengine=psync --wait_batch=2
grep -q 'wait_batch has no meaning' "$dir/err" || fail "no warning of a loop's option for an engine without one"

fails 1 'no such CPU' --name=a --filename="$file" --cpus_allowed=1023
fails 1 'no such CPU' --name=a --filename="$file" --cpus_allowed=1023 --ioengine=psync

# One line of progress is for terminals only.
good --name=a --filename="$file" --size=64k --rw=randread --runtime=1200ms --time_based
! grep -q $'\r' "$dir/err" || fail "progress was shown without a terminal"

# With the standard descriptors closed, a target must not take their place.
status=0
"$lariat_bench" $preflight --name=a --filename="$dir/closed" --size=64k --rw=write --zero_buffers=1 <&- >&- 2>&- || status=$?
[ $status = 1 ] || fail "status $status without standard output"
head -c 65536 /dev/zero | cmp - "$dir/closed" >"$dir/out" 2>&1 || fail "what it prints went into the target"

echo "lariat-bench: every mode runs on every engine"
