# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Jobs start when they should, end each other as they should, share iothreads, and leave files as they should.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

file=$dir/file
ms_since() { echo $((($(date +%s%N) - $1) / 1000000)); }
run() { begin=$(date +%s%N) && good --preflight=0 --directory="$dir" --size=64k --output-format=tsv "$@"; }
timed=(--rw=randread --time_based --runtime=300ms)

# Two jobs at once, one behind the other, one behind a named one, one delayed.
run --name=a "${timed[@]}" --name=b "${timed[@]}"
at_once=$(ms_since "$begin")
run --name=a "${timed[@]}" --name=b "${timed[@]}" --stonewall
[ "$(ms_since "$begin")" -ge 600 ] || fail "--stonewall did not wait"
run --name=a "${timed[@]}" --name=b "${timed[@]}" --wait_for=a
[ "$(ms_since "$begin")" -ge 600 ] || fail "--wait_for did not wait"
run --name=a "${timed[@]}" --startdelay=400ms
[ "$(ms_since "$begin")" -ge 700 ] || fail "--startdelay did not wait"
run --name=a "${timed[@]}" --startdelay=200ms-300ms
[ "$(ms_since "$begin")" -ge 500 ] || fail "--startdelay did not wait for the least of its range"
echo "two at once: $at_once ms"

# A job behind a stonewall finds what the one before it made.
good --preflight=0 --name=w --filename="$dir/made" --size=256k --rw=write --verify=crc32c --do_verify=0 \
    --name=r --filename="$dir/made" --size=256k --rw=read --verify=crc32c --stonewall
grep -q 'verify: 64 blocks checked, 0 wrong' "$dir/out" || fail "the second job did not check what the first one wrote"

# The end of one is the end of others.
run --name=short --rw=read --exitall --name=long --rw=read --time_based --runtime=20
[ "$(ms_since "$begin")" -lt 15000 ] || fail "--exitall ended nothing"
run --name=short --rw=read --exitall --exit_what=all --name=long --rw=read --time_based --runtime=20 --stonewall
[ "$(ms_since "$begin")" -lt 15000 ] || fail "--exitall --exit_what=all let a job start"
head -c 65536 /dev/zero >"$dir/shrinks"
(
    sleep 0.5
    : >"$dir/shrinks"
) &
begin=$(date +%s%N)
bench --preflight=0 --exitall_on_error --name=bad --filename="$dir/shrinks" --rw=randread --time_based --runtime=20 \
    --name=good --filename="$file" --size=64k --rw=read --time_based --runtime=20
[ $status = 1 ] || fail "a file that shrank gave status $status"
[ "$(ms_since "$begin")" -lt 15000 ] || fail "--exitall_on_error ended nothing"
grep -q "job bad: reading $dir/shrinks at offset" "$dir/err" || fail "file and offset are not told"
: >"$dir/shrinks"
head -c 65536 /dev/zero >"$dir/shrinks"
(
    sleep 0.3
    : >"$dir/shrinks"
) &
bench --preflight=0 --name=bad --filename="$dir/shrinks" --rw=randread --time_based --runtime=1 --continue_on_error=io
[ $status = 0 ] || fail "--continue_on_error=io gave status $status"

# Commands before and after.
good --preflight=0 --name=a --filename="$file" --size=64k --rw=read --exec_prerun="date +%s%N >$dir/before" \
    --exec_postrun="date +%s%N >$dir/after" --time_based --runtime=200ms
[ $((($(cat "$dir/after") - $(cat "$dir/before")) / 1000000)) -ge 200 ] || fail "--exec_prerun or --exec_postrun ran at another time"
bench --preflight=0 --name=a --filename="$file" --size=64k --rw=read --exec_prerun=false
[ $status = 1 ] || fail "--exec_prerun=false gave status $status"
# What we block and ignore, it does not.
good --name=a --filename="$file" --size=64k --rw=read --exec_prerun="grep -E '^Sig(Blk|Ign)' /proc/self/status >$dir/signals"
{ grep -q '^SigBlk:[^1-9a-f]*0$' "$dir/signals" && ! grep -q '^SigIgn.*[13579bdf]...$' "$dir/signals"; } ||
    fail "--exec_prerun: $(cat "$dir/signals")"

# Jobs on one iothread.
rings()
{
    ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=io_uring_setup -o "$dir/trace" "$lariat_bench" "$@" >"$dir/out" 2>"$dir/err" || fail "strace: $*"
    grep -c 'io_uring_setup(.*= [0-9]' "$dir/trace"
}
for options in "--iothreads=2" "--iothread=shared" "--iothreads=1 --rate_iops=1000"; do
    # shellcheck disable=SC2086
    run --rw=randrw --numjobs=4 --iodepth=4 $options --time_based --runtime=200ms --name=a
    awk -F'\t' 'NR > 1 { n++; if ($9 <= 0) exit 1 } END { exit n != 4 }' "$dir/out" || fail "$options: a job did nothing"
done
if command -v strace >/dev/null && strace -f -o "$dir/trace" true 2>/dev/null; then
    four=$(rings --preflight=0 --directory="$dir" --size=64k --rw=read --numjobs=4 --name=a)
    two=$(rings --preflight=0 --directory="$dir" --size=64k --rw=read --numjobs=4 --iothreads=2 --name=a)
    one=$(rings --preflight=0 --directory="$dir" --size=64k --rw=read --numjobs=4 --iothread=x --name=a)
    [ "$four $two $one" = "4 2 1" ] || fail "four jobs ran on $four loops, with --iothreads=2 on $two, with --iothread on $one"
else
    skip_part "strace does not work here: iothreads are not counted"
fi

# Files.
rm -rf "$dir/sub"
good --preflight=0 --name=n --directory="$dir/sub" --nrfiles=3 --size=96k --rw=write
[ "$(stat -c '%n %s' "$dir"/sub/* | sed "s|$dir/sub/||" | tr '\n' ' ')" = "n.0.0 32768 n.0.1 32768 n.0.2 32768 " ] ||
    fail "--nrfiles=3: $(ls -l "$dir/sub")"
# shellcheck disable=SC2016 # lariat-bench expands it
good --preflight=0 --name=n --directory="$dir/sub" --nrfiles=2 --filesize=16k --rw=read --filename_format='f.$filenum'
[ "$(stat -c %s "$dir/sub/f.0" "$dir/sub/f.1" | tr '\n' ' ')" = "16384 16384 " ] || fail "--filename_format with --filesize"
good --preflight=0 --name=u --directory="$dir/sub" --size=16k --rw=write --unlink=1
[ ! -e "$dir/sub/u.0.0" ] || fail "--unlink=1 left the file"
good --preflight=0 --name=c --directory="$dir/sub" --size=16k --rw=write --create_only=1
[ "$(stat -c %s "$dir/sub/c.0.0")" = 16384 ] || fail "--create_only=1 made no file"
rm "$dir/sub/c.0.0"
for kind in none native posix keep truncate; do
    good --preflight=0 --name=c --directory="$dir/sub" --size=64k --rw=write --number_ios=1 --fallocate=$kind
    size=$(stat -c '%s' "$dir/sub/c.0.0")
    case $kind in
        none | keep) [ "$size" = 4096 ] || fail "--fallocate=$kind: $size bytes" ;;
        *) [ "$size" = 65536 ] || fail "--fallocate=$kind: $size bytes" ;;
    esac
    rm "$dir/sub/c.0.0"
done
good --preflight=0 --name=c --directory="$dir/sub" --size=64k --rw=write --number_ios=1 --create_on_open=1
[ "$(stat -c '%s' "$dir/sub/c.0.0")" = 4096 ] || fail "--create_on_open=1 laid the file out"
good --preflight=0 --name=o --filename="$file" --size=64k --offset=64k --rw=write
[ "$(stat -c %s "$file")" = 131072 ] || fail "--offset=64k: the file has another size"
good --preflight=0 --name=o --filename="$file" --rw=read --offset=50% --offset_align=4k --pre_read=1
grep -q 'io=64' "$dir/out" || fail "--offset=50% of 128k did not read the other 64k"

if command -v strace >/dev/null && strace -f -o "$dir/trace" true 2>/dev/null; then
    for hint in 0 1 random sequential; do
        ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=fadvise64 -o "$dir/trace" "$lariat_bench" --preflight=0 --name=a --filename="$file" --size=64k --rw=read \
            --fadvise_hint=$hint --invalidate=0 >"$dir/out" 2>"$dir/err" || fail "strace: --fadvise_hint=$hint"
        case $hint in
            0) ! grep -q 'FADV_[RS]' "$dir/trace" || fail "--fadvise_hint=0 advised" ;;
            random) grep -q FADV_RANDOM "$dir/trace" || fail "--fadvise_hint=random did not" ;;
            *) grep -q FADV_SEQUENTIAL "$dir/trace" || fail "--fadvise_hint=$hint did not" ;;
        esac
    done
fi

# Safety.
fails 2 'readonly' --readonly --name=a --filename="$file" --rw=randrw
fails 2 'readonly' --readonly --name=a --filename="$file" --rw=trim
good --preflight=0 --readonly --name=a --filename="$file" --rw=read
fails 1 'no file is made under /dev' --name=a --filename=/dev/lariat-bench-none --size=4k --rw=write
[ ! -e /dev/lariat-bench-none ] || fail "a file was made under /dev"
fails 1 'no file is made under /dev' --name=a --directory=/dev --size=4k --rw=write

echo "lariat-bench: jobs come and go as they should"
