# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# create_serialize and unlink_each_loop: who lays files out, and when they go.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

# Many jobs lay one file out as one job does, and each takes it whole.
for jobs in 1 4; do
    good --name=a --filename="$dir/by-$jobs" --size=4m --rw=randread --numjobs=$jobs --number_ios=8 --create_serialize=0
    [ "$(grep -c 'err= 0' "$dir/out")" = $jobs ] || fail "not $jobs jobs went well"
done
[ "$(stat -c %s "$dir/by-1")" = 4194304 ] || fail "the file was laid out with $(stat -c %s "$dir/by-1") bytes"
cmp "$dir/by-1" "$dir/by-4" || fail "four jobs laid out another file than one does"
fails 1 'no space\|No space' --name=a --directory="$dir" --size=1000t --rw=read --numjobs=2 --create_serialize=0
fails 2 'would be gone' --name=a --filename="$dir/by-1" --size=64k --rw=read --verify=crc32c --loops=2 --unlink_each_loop=1

{ command -v strace && strace -f -o "$dir/trace" true; } >"$dir/out" 2>&1 || skip "strace does not work here: nobody looks who does it"
traced() # CALLS ARG...
{
    ASAN_OPTIONS=detect_leaks=0 strace -f -e trace="$1" -o "$dir/trace" "$lariat_bench" --preflight=0 "${@:2}" >"$dir/out" 2>"$dir/err" ||
        fail "strace: ${*:2}"
}

# By one thread, or by one for each job; those of a later wave too.
makers() # ARG...
{
    rm -rf "$dir/made"
    traced openat --directory="$dir/made" --size=64k --rw=read "$@"
    awk '/made\/.*O_CREAT/ { print $1 }' "$dir/trace" | sort -u | wc -l
}
one=$(makers --name=a --numjobs=3)
all=$(makers --create_serialize=0 --name=a --numjobs=3 --name=b --numjobs=2 --stonewall)
[ "$one $all" = "1 5" ] || fail "three files were laid out by $one threads, and with --create_serialize=0 five by $all"

# A new file in each loop; the ring is told of it.
loops=(--name=a --filename="$dir/loop" --size=64k --rw=randrw --number_ios=8 --verify=crc32c --loops=3)
for engine in "lariat --registerfiles=1" "liburing --registerfiles=1" psync; do
    # shellcheck disable=SC2086
    traced unlink,io_uring_register "${loops[@]}" --unlink_each_loop=1 --ioengine=$engine
    [ "$(grep -c 'unlink(.*/loop"' "$dir/trace")" = 3 ] || fail "$engine: three loops, and not three times unlink"
    [ ! -e "$dir/loop" ] || fail "$engine: a file is left"
    n=$(grep -c 'REGISTER_FILES_UPDATE' "$dir/trace") || true
    [ "$engine" = psync ] || [ "$n" = 2 ] || fail "$engine: two new files were registered $n times"
done
traced unlink "${loops[@]}"
! grep -q 'unlink(.*/loop' "$dir/trace" || fail "files are removed without --unlink_each_loop"

echo "lariat-bench: files are laid out and removed as was asked for"
